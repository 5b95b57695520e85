/** A piece of a message and where it stands; offsets are UTF-16, end exclusive. */
export interface Sentence {
  text: string;
  start: number;
  end: number;
}

const ABBREVIATION =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|inc|ltd|co|no|approx|[a-z](?:\.[a-z])*)$/i;
const CLOSERS = new Set(['"', "'", '”', '’', ')', ']', '*']);
const isSpace = (character: string | undefined): boolean => character === undefined || /\s/.test(character);

const isBoundary = (text: string, at: number): boolean => {
  const character = text[at];
  if (character === '\n') return true;
  if (character === '!' || character === '?' || character === '…') return true;
  // A full stop inside "3.5", "a@b.com" or after "Dr" ends nothing: cutting there would quote half a fact.
  // "I" ends a sentence as well as an initial does, but hardly ever as its last word.
  return (
    character === '.' &&
    isSpace(text[nextAfterClosers(text, at + 1)]) &&
    !ABBREVIATION.test(text.slice(Math.max(0, at - 12), at))
  );
};

const nextAfterClosers = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && (CLOSERS.has(text[at] ?? '') || /[.!?…]/.test(text[at] ?? ''))) at += 1;
  return at;
};

const trimmed = (text: string, start: number, end: number): Sentence => {
  let from = start;
  let to = end;
  while (from < to && /[\s\-*•>#]/.test(text[from] ?? '')) from += 1;
  while (to > from && isSpace(text[to - 1])) to -= 1;
  return { text: text.slice(from, to), start: from, end: to };
};

/** Splits a message into sentences, each with its exact place in the message. One pass, whatever the input. */
export const sentencesOf = (text: string): Sentence[] => {
  const sentences: Sentence[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const isEnd = isBoundary(text, at);
    const next = isEnd && text[at] !== '\n' ? nextAfterClosers(text, at + 1) : at + 1;
    if (isEnd) {
      sentences.push(trimmed(text, start, next));
      start = next;
    }
    at = next;
  }
  sentences.push(trimmed(text, start, text.length));
  return sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence.text));
};
