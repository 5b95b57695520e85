/** A line or sentence of a text, and where it stands in it; offsets are UTF-16, end exclusive. */
export interface Line {
  start: number;
  end: number;
  /** What it says, without bullets, numbering, quotes, [mem-N] markers and the full stop. */
  words: string;
  /** It carries a marker that only an answer of this server has. */
  isMarked: boolean;
}

const MARKER = /\[mem-\d{1,9}\]/gi;
/**
 * Sentence ends that are followed by a space and a capital: an abbreviation cut in two only fails to be recognised. Of markers in
 * a row so many are looked back over, because without a bound a long row of them would cost its length squared.
 */
const BREAK = /\n+|(?<=[.!?](?: ?\[mem-\d{1,9}\]){0,20})\s+(?=["'“(]?\p{Lu})/gu;
const BEFORE = new Set(' -*•>#"\'“”(');
const AFTER = new Set(' .!"\'“”)');
/** Shorter ones are said by everybody. */
const LEAST_WORDS = 3;

/** By hand: as a pattern, a long run of such characters inside a text would cost its length squared. */
function stripped(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BEFORE.has(text.charAt(start))) start += 1;
  while (end > start && AFTER.has(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const bare = (text: string): string => {
  const plain = text
    .replace(MARKER, '')
    .replace(/\s+/g, ' ')
    .replace(/ ([.!?,])/g, '$1');
  return stripped(stripped(plain).replace(/^\d{1,3}[.)] /, ''));
};

/** The lines and sentences of a text that say something, cut as they are asked for; null for one that says nothing. */
export function* eachLine(text: string): Generator<Line | null> {
  let start = 0;
  for (const { index, 0: gap } of text.matchAll(BREAK)) {
    yield toLine(text, start, index);
    start = index + gap.length;
  }
  yield toLine(text, start, text.length);
}

function toLine(text: string, start: number, end: number): Line | null {
  const line = text.slice(start, end);
  const words = bare(line);
  return words.split(' ').length < LEAST_WORDS ? null : { start, end, words, isMarked: line.search(MARKER) !== -1 };
}

export const linesOf = (text: string): Line[] => [...eachLine(text)].filter((line) => line !== null);
