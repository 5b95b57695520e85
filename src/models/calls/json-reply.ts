import { jsonrepair } from 'jsonrepair';

/** Texts with this many openings hold no answer of ours; trying on would only cost time. */
const MOST_OPENINGS = 50;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not rethrown: the parser's own message quotes the text.
    return undefined;
  }
}

function repair(text: string): unknown {
  try {
    return parse(jsonrepair(text));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where the object that opens at `from` closes, end exclusive; -1 if it never does. */
function closingOf(text: string, from: number): number {
  const token = /"(?:[^"\\]|\\[^])*"|[{}]/g;
  token.lastIndex = from;
  let depth = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === '{') depth += 1;
    if (found[0] === '}') depth -= 1;
    if (depth === 0) return token.lastIndex;
  }
  return -1;
}

/** Objects that stand in the text as valid JSON, whatever is around them. */
function* embedded(text: string): Generator {
  let from = text.indexOf('{');
  for (let openings = 0; from !== -1 && openings < MOST_OPENINGS; openings += 1) {
    const end = closingOf(text, from);
    const value = end === -1 ? undefined : parse(text.slice(from, end));
    if (value !== undefined) yield value;
    from = text.indexOf('{', value === undefined ? from + 1 : end);
  }
}

/** Models that think aloud do so before the reply; some servers swallow the opening tag. */
const afterThoughts = (text: string): string => text.replace(/^[^]*<\/think(?:ing)?>/i, '');

/**
 * The JSON objects that a model may have meant by its reply, likeliest first: the reply itself; without its thoughts; taken out of
 * a fence or prose; repaired (single quotes, trailing commas, bare keys). Whoever asks takes the first that fits.
 */
export function* objectsIn(reply: string): Generator<object> {
  const whole = parse(reply);
  if (isObject(whole)) {
    yield whole;
    return;
  }
  const text = afterThoughts(reply);
  for (const value of embedded(text)) if (isObject(value)) yield value;
  const from = text.indexOf('{');
  if (from === -1) return;
  const last = text.lastIndexOf('}');
  const repaired = repair(last > from ? text.slice(from, last + 1) : text.slice(from));
  if (isObject(repaired)) yield repaired;
}
