/** Words that hold any sentence together, and say nothing of what it is about. */
const STOP_WORDS = new Set(
  'a an the and or but if then so as of at by for with about into to from in on off over under up down out is are was were be been being am do does did doing done have has had having i me my mine myself we us our ours you your yours he him his himself she her hers herself it its itself they them their theirs this that these those there here who whom whose which what when where why how can could will would shall should may might must not no nor none nothing nobody never neither without too very just also now again than some any all each both more most other such only own same currently still yes user according since valid'.split(
    ' ',
  ),
);
const NUMBER_WORDS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');
const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
const UNSPACED = String.raw`\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Thai}`;
const WORD = new RegExp(String.raw`${UNSPACED}|[\p{L}\p{M}\p{N}]+(?:['’]\p{L}+)?`, 'gu');
const NUMBER = /\d+(?:[.,]\d+)*/g;
const ISO_DATE = /\b(\d{4})-(\d\d)-(\d\d)\b/g;
const NEGATION = /\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|no longer)\b|n['’]t\b/i;

/** The words of a text as it writes them, without "'s". Scripts that set no spaces give one word a character. */
export const wordsOf = (text: string): string[] => (text.match(WORD) ?? []).map((word) => word.replace(/['’]s$/, ''));

/** A light stem of English: "lives", "lived" and "living" meet. */
export function stem(word: string): string {
  const lower = word.toLowerCase();
  if (lower.length < 4) return lower;
  const bare = lower.replace(/(?:ies|y)$/, 'i').replace(/(?<=\p{L}{3})(?:ing|ed|es|s|ly|e)$/u, '');
  return bare.replace(/([bdgmnprt])\1$/, '$1').replace(/e$/, '');
}

export const isStopWord = (word: string): boolean => STOP_WORDS.has(word.toLowerCase().replaceAll('’', "'"));

const isFigure = (word: string): boolean =>
  /\d/.test(word) || NUMBER_WORDS.includes(word.toLowerCase()) || (/^\p{Lu}/u.test(word) && isMonth(word));

/** Stems of the words that a text is about; numbers and months are not among them. */
export const contentStems = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !isStopWord(word) && !isFigure(word))
    .map(stem);

/** "1,200.50" as 1200.5, "05" as 5; what is no plain number stays as written. */
function toFigure(written: string): string {
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(written) ? written.replaceAll(',', '') : written;
  const value = Number(plain);
  return Number.isNaN(value) ? plain : String(value);
}

const monthFigure = (number: number): string => `month ${number}`;

/** The numbers of a text, in figures or in words, and its months: a month is no number, lest "3 cats" be borne out by a March. */
export function figuresOf(text: string): string[] {
  const dates = [...text.matchAll(ISO_DATE)].flatMap(([, year = '', month, day]) => [
    year,
    monthFigure(Number(month)),
    String(Number(day)),
  ]);
  const words = wordsOf(text);
  const inWords = words.map((word) => NUMBER_WORDS.indexOf(word.toLowerCase())).filter((n) => n >= 0);
  // "may" is a month with a capital alone.
  const months = words.filter((word) => /^\p{Lu}/u.test(word)).map((word) => MONTHS.indexOf(word.toLowerCase()) + 1);
  const figures = (text.replace(ISO_DATE, ' ').match(NUMBER) ?? []).map(toFigure);
  return [...dates, ...figures, ...inWords.map(String), ...months.filter((n) => n > 0).map(monthFigure)];
}

export const isMonth = (word: string): boolean => MONTHS.includes(word.toLowerCase());

/** What says when an instant is, as far as a text that names `figures` can mean it: a day only beside a month. */
export function dateWords(date: Date, figures: readonly string[]): { figures: string[]; weekday: string } {
  const month = monthFigure(date.getUTCMonth() + 1);
  const day = figures.includes(month) ? [String(date.getUTCDate())] : [];
  return { figures: [String(date.getUTCFullYear()), month, ...day], weekday: WEEKDAYS[date.getUTCDay()] ?? '' };
}

export const isNegated = (text: string): boolean => NEGATION.test(text);
