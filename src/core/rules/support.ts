import { sentencesOf } from './sentences.js';
import { isOfUser } from './subject.js';
import { contentStems, dateWords, figuresOf, isMonth, isNegated, isStopWord, wordsOf } from './words.js';

/** What of a statement the memory's text does not bear out. */
export type Doubt = 'NUMBER' | 'NAME' | 'NEGATION' | 'WORDS';

export interface Evidence {
  /** Memories cited for the statement, all together. */
  memories: readonly { text: string; validFrom: Date }[];
  question: string;
  /** Name of the person whom memories call "User"; null if none tells it. */
  userName: string | null;
}

/** The memories must hold this share of a statement's words; the others may be how the answer puts it. */
const HALF = 0.5;
/** A statement of up to so many words has what it tells at its end: there the last word must be held too. */
const SHORT = 6;
/** What only frames a statement: the date of a question about the past, the yes or no before the reason. */
const FRAME = /^(?:As of \d{4}-\d\d-\d\d:\s*)?(?:(?:yes|no)\b[,:;.]?\s*)?/i;
const VERB = /^(?:is|was|has|had|will|can|does|did|\p{L}{2,}(?:s|ed))$/u;

/** Capitalised words within a statement; its first word where a verb follows, as the subject. */
function namesIn(statement: string): string[] {
  const words = wordsOf(statement);
  return words.filter((word, i) => {
    if (!/^\p{Lu}./u.test(word) || isStopWord(word) || isMonth(word)) return false;
    return i > 0 || VERB.test(words[1] ?? '');
  });
}

/** Memories speak of "User" where the question, or another memory, has the name. */
function namesOfUser({ memories, question, userName }: Evidence): string[] {
  if (!memories.some(({ text }) => isOfUser(text))) return [];
  return userName === null ? wordsOf(question).filter((word) => /^\p{Lu}/u.test(word)) : [userName];
}

const shareIn = (stems: readonly string[], known: ReadonlySet<string>): number =>
  stems.length === 0 ? 1 : stems.filter((word) => known.has(word)).length / stems.length;

/** Whether the statement and the sentences that are nearest to it agree on yes or no. */
function agreesOnNo(statement: string, stems: readonly string[], texts: readonly string[]): boolean {
  const ranked = texts
    .flatMap(sentencesOf)
    .map((text) => ({ text, share: shareIn(stems, new Set(contentStems(text))) }));
  const best = Math.max(0, ...ranked.map(({ share }) => share));
  return ranked.some(({ text, share }) => share === best && isNegated(text) === isNegated(statement));
}

/**
 * Why the texts of the memories do not bear out a statement; null if they do. By words alone: every number, date and name must
 * stand in them, they must not say the opposite of it by a "not", and hold half of its words, of a short statement the last one among them. What follows by inference, in
 * other words, or by adding up, is therefore doubted; and a statement that puts the same words in another order is not.
 */
export function doubtOf(said: string, evidence: Evidence): Doubt | null {
  const statement = said.replace(FRAME, '');
  const texts = evidence.memories.map(({ text }) => text);
  const named = figuresOf(statement);
  const dates = evidence.memories.map(({ validFrom }) => dateWords(validFrom, named));
  const figures = new Set([...texts.flatMap(figuresOf), ...dates.flatMap((date) => date.figures)]);
  if (!named.every((figure) => figures.has(figure))) return 'NUMBER';
  const ofUser = namesOfUser(evidence);
  const known = [...texts.flatMap(wordsOf), ...ofUser].map((word) => word.toLowerCase());
  const names = new Set([...known, ...dates.map(({ weekday }) => weekday)]);
  if (!namesIn(statement).every((name) => names.has(name.toLowerCase()))) return 'NAME';
  const own = new Set(ofUser.flatMap(contentStems));
  const stems = contentStems(statement).filter((word) => !own.has(word));
  const held = new Set(texts.flatMap(contentStems));
  const last = stems.at(-1);
  const isOtherValue = stems.length <= SHORT && last !== undefined && !held.has(last);
  if (shareIn(stems, held) < HALF || isOtherValue) return 'WORDS';
  return agreesOnNo(statement, stems, texts) ? null : 'NEGATION';
}

/** Whether a memory has any word or number of a statement: one that has none was cited for nothing. */
export function touches(said: string, memory: { text: string; validFrom: Date }): boolean {
  const statement = said.replace(FRAME, '');
  const known = new Set([...contentStems(memory.text), ...figuresOf(memory.text)]);
  const wanted = [...contentStems(statement), ...figuresOf(statement)];
  return wanted.length === 0 || wanted.some((word) => known.has(word));
}
