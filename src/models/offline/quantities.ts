import { stem } from './words.js';

/** A number with what it counts. */
export interface Quantity {
  value: number;
  /** '$', '%', 'time', 'kg' and the like, the stem of the noun that follows, or BARE. */
  unit: string;
}

const WORDS = new Map(
  'one two three four five six seven eight nine ten eleven twelve'.split(' ').map((word, index) => [word, index + 1]),
);
const PATTERN =
  /([$€£]\s?)?(?<![\p{L}\d/.-])(\d[\d,]*(?:[.:]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|once|twice)(?:\/\d+)?\s?(k|m|bn|%|percent|am|pm|a\.m|p\.m|kb|mb|gb|tb|ms|kg|km|lbs?|mg|ml|bpm|fps|hrs?|mins?|kw|px|cm)?(?![\p{L}\d])((?:[\s-]+\p{L}[\p{L}'-]*){0,3})/giu;
const MONTH_BEFORE =
  /(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|#|version|v|phone|number|level|room|bug|ticket|issue|sprint|chapter|phase|grade|in|since|by)\.? $/i;
const SCALE: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, bn: 1e9 };
const FUNCTION =
  /^(?:in|on|at|to|for|with|from|by|as|after|before|since|until|because|during|over|through|and|but|or|so|is|are|was|has|which|that|this|last|every|each|now|under|than|if|when|per|about)$/;
/** Unit of a number that counts nothing that is named: a score, a rating, a level. */
export const BARE = '#';
/** "9 of 20 modules" counts nine of them. */
const SHARE = /\b(\d+) (?:out )?of (?:the |all )?\d+ (?=\p{L})/giu;
const BYTES: Readonly<Record<string, number>> = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };
const SKIPPED = new Set('more new other active full total additional different of the'.split(' '));

const unitsOf = (symbol: string, suffix: string, nouns: string): string[] => {
  if (symbol !== '') return ['$'];
  if (suffix === '%' || suffix === 'percent') return ['%'];
  if (/^[ap]\.?m/.test(suffix)) return ['time'];
  if (BYTES[suffix] !== undefined) return ['byte'];
  if (suffix.length > 1 && suffix !== 'bn') return [suffix];
  const words = nouns
    .toLowerCase()
    .trim()
    .split(/[\s-]+/);
  const end = words.findIndex((word) => FUNCTION.test(word));
  const counted = words.slice(0, end < 0 ? words.length : end).filter((word) => word.length > 1 && !SKIPPED.has(word));
  return counted.length === 0 ? [BARE] : counted.slice(0, 2).map(stem);
};

/** The quantities of a text; one entry per noun that a number may count. Years, dates and labels do not count. */
export const quantitiesIn = (raw: string): Quantity[] => {
  const text = raw.replace(SHARE, '$1 ');
  return [...text.matchAll(PATTERN)].flatMap((match) => {
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
            Number(word.replaceAll(',', '').replace(':', '.')) *
              (SCALE[suffix.toLowerCase()] ?? BYTES[suffix.toLowerCase()] ?? 1));
    const units = unitsOf(symbol, suffix.toLowerCase(), nouns);
    return (units[0] === BARE && SCALE[suffix.toLowerCase()] !== undefined ? ['$'] : units).map((unit) => ({
      value,
      unit,
    }));
  });
};

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
