/** A piece of a message and where it stands; offsets are UTF-16, end exclusive. */
export interface Sentence {
  text: string;
  start: number;
  end: number;
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'sentence' });
/** The Unicode rules end a sentence after "Dr."; cutting there would quote half a fact. */
const ABBREVIATION =
  /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|inc|ltd|co|no|approx|[a-z](?:\.[a-z])*)\.\s*$/i;
/** "I" ends a sentence as well as an initial does, but hardly ever as its last word; "1." begins an item of a list. */
const ITEM = /^\s*[\d#*•>-]+[.)]\s*$/;
const isSpace = (character: string | undefined): boolean => character === undefined || /\s/.test(character);

const trimmed = (text: string, start: number, end: number): Sentence => {
  let from = start;
  let to = end;
  while (from < to && /[\s\-*•>#]/.test(text[from] ?? '')) from += 1;
  while (to > from && isSpace(text[to - 1])) to -= 1;
  return { text: text.slice(from, to), start: from, end: to };
};

/** A segment costs time in proportion to the text it is cut from, so a long line goes in pieces that end with a stop. */
const PIECE = 400;

const pieceEnd = (text: string, start: number): number => {
  const line = text.indexOf('\n', start) + 1 || text.length;
  if (line - start <= PIECE) return line;
  // Three letters before it: "Dr." is no stop.
  const stop = /\p{L}{3}[.!?]["'”’)\]]*\s/u.exec(text.slice(start + PIECE, Math.min(line, start + 2 * PIECE)));
  return Math.min(line, start + (stop ? PIECE + stop.index + stop[0].length : 2 * PIECE));
};

const sentencesIn = (text: string, from: number, to: number): Sentence[] => {
  const sentences: Sentence[] = [];
  let start = from;
  for (const { segment, index } of SEGMENTER.segment(text.slice(from, to))) {
    const end = from + index + segment.length;
    const sofar = text.slice(Math.max(start, end - 16), end);
    const isOpen = ABBREVIATION.test(sofar) || (end - start < 12 && ITEM.test(sofar));
    if (isOpen && end < to) continue;
    sentences.push(trimmed(text, start, end));
    start = end;
  }
  return sentences;
};

/** The sentences of a message, each with its exact place in it, cut as they are asked for; the end of a line ends a sentence too. */
export function* eachSentence(text: string): Generator<Sentence> {
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = pieceEnd(text, from);
    if (!hasWord(text.slice(from, to))) continue;
    for (const sentence of sentencesIn(text, from, to)) if (hasWord(sentence.text)) yield sentence;
  }
}

const hasWord = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

export const sentencesOf = (text: string): Sentence[] => [...eachSentence(text)];
