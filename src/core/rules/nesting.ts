/** JSON in JSON, deeper than anything that is asked for here: by so much that no door has to say which field it is. */
const MOST = 128;
/** What is shorter is parsed faster than looked at. */
const SHORT_BYTES = 4_096;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** Brackets, and with this bit braces. */
const [OPENING, CLOSING, BRACE] = [0x5b, 0x5d, 0x20];

/**
 * Whether bytes that are said to be JSON nest deeper than 128 levels. Looked at before anybody parses them: to parse a
 * hundred thousand brackets takes as long as forty requests, in which the server does nothing else.
 */
export function isNestedTooDeep(bytes: Buffer): boolean {
  if (bytes.length < SHORT_BYTES) return false;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if ((byte | BRACE) === (OPENING | BRACE) && ++depth > MOST) return true;
    else if ((byte | BRACE) === (CLOSING | BRACE)) depth--;
  }
  return false;
}

/** Of a string that begins at `start`, its closing quote; the end of the bytes if it has none. */
function endOfString(bytes: Buffer, start: number): number {
  let end = start + 1;
  while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return end;
}
