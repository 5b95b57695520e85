const MOST_CHARACTERS = 300;
/** A run this long that stands in the key as well is a part of the key. */
const KEY_RUN = 5;
/** A run this long that stands in what was sent as well is a quotation. */
const QUOTED_RUN = 24;
const REMOVED = '***';

interface Sent {
  apiKey: string;
  /** The provider's id of it, which may look like a key and is none. */
  model: string;
  /** JSON text that went along: memories and messages. */
  data: string;
}

/** Whether the two share a run of `length` characters; of a shorter key, whether it is in the text as a whole. */
function sharesRun(text: string, other: string, length: number): boolean {
  const run = Math.min(length, other.length);
  for (let at = 0; at + run <= text.length; at += 1) if (other.includes(text.slice(at, at + run))) return true;
  return false;
}

/** Masked (sk-...9f2c, xa***), known by its beginning, or as long and mixed as words are not. */
function looksLikeKey(word: string): boolean {
  return (
    /\*{2}|•|\w\.{3,}\w|[-_]\.{3}/.test(word) ||
    /^\W*((sk|pk|rk|gsk|xai)[-_]\w|aiza\w{4}|ya29\.|eyj\w{5})/i.test(word) ||
    (/[\w+/-]{20,}/.test(word) && /\d/.test(word) && /[a-z]/i.test(word)) ||
    /[a-f\d]{16,}/i.test(word)
  );
}

function withoutKeys(word: string, { apiKey, model }: Sent): string {
  const isModel = word.replace(/^\W+|(?<!\W)\W+$/g, '') === model && !model.includes(apiKey);
  if (isModel) return word;
  return looksLikeKey(word) || sharesRun(word.toLowerCase(), apiKey.toLowerCase(), KEY_RUN) ? REMOVED : word;
}

/**
 * The provider's message as it may be shown to the caller: one line of plain text, without the key, without anything that looks like
 * a part of one, and without what was sent along. Undefined if nothing is left to tell.
 */
export function cleanWords(words: string | undefined, sent: Sent): string | undefined {
  if (words === undefined || words.length > 10_000) return undefined;
  const line = words
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  // A web page, or a body quoted whole, is no message.
  if (line === '' || /<\/?[a-z!]|^[[{]/i.test(line)) return undefined;
  const cleaned = line
    .split(' ')
    .map((word) => withoutKeys(word, sent))
    .join(' ')
    .replace(/\*{3}( \*{3})+/g, REMOVED);
  if (sharesRun(cleaned.toLowerCase(), sent.data.toLowerCase(), QUOTED_RUN)) return undefined;
  return cleaned.length > MOST_CHARACTERS ? `${cleaned.slice(0, MOST_CHARACTERS - 1).trimEnd()}…` : cleaned;
}
