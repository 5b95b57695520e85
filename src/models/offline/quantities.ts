import { stem } from './words.js';

/** A number with what it counts. */
export interface Quantity {
  value: number;
  /** '$', '%', 'time' or the stem of the noun that follows. */
  unit: string;
}

const WORDS = new Map(
  'one two three four five six seven eight nine ten eleven twelve'.split(' ').map((word, index) => [word, index + 1]),
);
const PATTERN =
  /([$€£]\s?)?(?<![\p{L}\d/.-])(\d[\d,]*(?:[.:]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice)(?:\/\d+)?\s?(k|m|bn|%|percent|am|pm|a\.m|p\.m)?(?![\p{L}\d])((?:[\s-]+\p{L}[\p{L}'-]*){0,3})/giu;
const MONTH_BEFORE =
  /(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|#|version|v|phone|number|level|room|bug|ticket|issue|sprint|chapter|phase|grade|in|since|by)\.? $/i;
const SCALE: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, bn: 1e9 };
const SKIPPED = new Set('more new other active full total additional different of the'.split(' '));

const unitsOf = (symbol: string, suffix: string, nouns: string): string[] => {
  if (symbol !== '') return ['$'];
  if (suffix === '%' || suffix === 'percent') return ['%'];
  if (/^[ap]\.?m/.test(suffix)) return ['time'];
  return nouns
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((word) => word.length > 1 && !SKIPPED.has(word))
    .slice(0, 2)
    .map(stem);
};

/** The quantities of a text; one entry per noun that a number may count. Years, dates and labels do not count. */
export const quantitiesIn = (text: string): Quantity[] =>
  [...text.matchAll(PATTERN)].flatMap((match) => {
    const [, symbol = '', digits = '', suffix = '', nouns = ''] = match;
    const isYear = symbol === '' && suffix === '' && /^(?:19|20)\d\d$/.test(digits);
    if (
      isYear ||
      (symbol === '' && suffix === '' && MONTH_BEFORE.test(text.slice(0, match.index)) && /^\d/.test(digits))
    )
      return [];
    const word = digits.toLowerCase();
    const value =
      word === 'once'
        ? 1
        : word === 'twice'
          ? 2
          : (WORDS.get(word) ??
            Number(word.replaceAll(',', '').replace(':', '.')) * (SCALE[suffix.toLowerCase()] ?? 1));
    const units = unitsOf(symbol, suffix.toLowerCase(), nouns);
    return (units.length === 0 && SCALE[suffix.toLowerCase()] !== undefined ? ['$'] : units).map((unit) => ({
      value,
      unit,
    }));
  });

/** Units that both lists count, with different numbers and none in common. */
export const changedUnits = (old: readonly Quantity[], fresh: readonly Quantity[]): string[] => {
  const values = (list: readonly Quantity[], unit: string): number[] =>
    list.filter((one) => one.unit === unit).map(({ value }) => value);
  return [...new Set(fresh.map(({ unit }) => unit))].filter((unit) => {
    const before = values(old, unit);
    // The last number of the new text is the current one; the old text must not already give it.
    const after = values(fresh, unit).at(-1);
    return before.length > 0 && after !== undefined && !before.includes(after);
  });
};
