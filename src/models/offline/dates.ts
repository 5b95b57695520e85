const DAY = 86_400_000;
const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
const NUMBERS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');
const MONTH = `(${MONTHS.map((month) => `${month}|${month.slice(0, 3)}`).join('|')}|sept)\\.?`;

const utc = (year: number, month: number, day: number): Date => new Date(Date.UTC(year, month, day));
const midnight = (date: Date): Date => utc(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
const monthIndex = (name: string): number =>
  MONTHS.findIndex((month) => month.startsWith(name.slice(0, 3).toLowerCase()));

/** A calendar date, or null for one that does not exist: 30 February must not become 1 March. */
const dateOf = (year: number, month: number, day: number): Date | null => {
  const date = utc(year, month, day);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date : null;
};

/** The most recent such day that is not after `now`: "on March 5" told in the past tense. */
const latestBefore = (now: Date, month: number, day: number): Date | null => {
  const thisYear = dateOf(now.getUTCFullYear(), month, day);
  return thisYear && thisYear <= now ? thisYear : dateOf(now.getUTCFullYear() - 1, month, day);
};

const back = (now: Date, count: number, unit: string): Date => {
  const today = midnight(now);
  if (unit.startsWith('day')) return new Date(today.getTime() - count * DAY);
  if (unit.startsWith('week')) return new Date(today.getTime() - 7 * count * DAY);
  const months = unit.startsWith('month') ? count : 12 * count;
  const target = utc(today.getUTCFullYear(), today.getUTCMonth() - months + 1, 0);
  return utc(target.getUTCFullYear(), target.getUTCMonth(), Math.min(target.getUTCDate(), today.getUTCDate()));
};

const countOf = (word: string): number => {
  const lower = word.toLowerCase();
  if (lower === 'a' || lower === 'an') return 1;
  return lower.startsWith('a couple') ? 2 : /^\d/.test(lower) ? Number(lower) : NUMBERS.indexOf(lower);
};

const lastWeekday = (now: Date, name: string): Date => {
  const distance = (now.getUTCDay() - WEEKDAYS.indexOf(name.toLowerCase()) + 7) % 7 || 7;
  return back(now, distance, 'day');
};

const lastPeriod = (now: Date, unit: string): Date => {
  if (unit === 'year') return utc(now.getUTCFullYear() - 1, 0, 1);
  if (unit === 'month') return utc(now.getUTCFullYear(), now.getUTCMonth() - 1, 1);
  if (unit === 'night') return back(now, 1, 'day');
  // A week begins on Monday, as in ISO 8601; its weekend on Saturday.
  const monday = back(now, 7 + ((now.getUTCDay() + 6) % 7), 'day');
  return unit === 'weekend' ? new Date(monday.getTime() + 5 * DAY) : monday;
};

type Reader = (match: RegExpExecArray, now: Date) => Date | null;
const group = (match: RegExpExecArray, index: number): string => match[index] ?? '';

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/\b(\d{4})-(\d{2})-(\d{2})\b/, (m) => dateOf(Number(group(m, 1)), Number(group(m, 2)) - 1, Number(group(m, 3)))],
  [
    new RegExp(`\\b${MONTH} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})\\b`, 'i'),
    (m) => dateOf(Number(group(m, 3)), monthIndex(group(m, 1)), Number(group(m, 2))),
  ],
  [
    new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH},? (\\d{4})\\b`, 'i'),
    (m) => dateOf(Number(group(m, 3)), monthIndex(group(m, 2)), Number(group(m, 1))),
  ],
  [
    new RegExp(`\\b${MONTH}(?: of)?,? (\\d{4})\\b`, 'i'),
    (m) => dateOf(Number(group(m, 2)), monthIndex(group(m, 1)), 1),
  ],
  [/\b(?:yesterday|last night)\b/i, (_, now) => back(now, 1, 'day')],
  [/\b(?:today|this (?:morning|afternoon|evening)|tonight)\b/i, (_, now) => midnight(now)],
  [
    /\b(\d{1,3}|an?|a couple of|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (day|week|month|year)s? ago\b/i,
    (m, now) => back(now, countOf(group(m, 1)), group(m, 2).toLowerCase()),
  ],
  [/\blast (week|month|year|weekend)\b/i, (m, now) => lastPeriod(now, group(m, 1).toLowerCase())],
  [
    new RegExp(`\\b(?:last|on|since|this past) (${WEEKDAYS.join('|')})\\b`, 'i'),
    (m, now) => lastWeekday(now, group(m, 1)),
  ],
  [
    new RegExp(`\\b(?:on|since|from) (?:the )?(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${MONTH}(?![a-z])`, 'i'),
    (m, now) => latestBefore(now, monthIndex(group(m, 2)), Number(group(m, 1))),
  ],
  [
    new RegExp(`\\b(?:on|since|from) ${MONTH} (\\d{1,2})(?:st|nd|rd|th)?\\b`, 'i'),
    (m, now) => latestBefore(now, monthIndex(group(m, 1)), Number(group(m, 2))),
  ],
  [
    new RegExp(`\\b(?:last|in|since|this past) ${MONTH}(?![a-z])`, 'i'),
    (m, now) => latestBefore(now, monthIndex(group(m, 1)), 1),
  ],
  [/\b(?:in|since|from|around|back in) ((?:19|20)\d{2})\b/i, (m) => utc(Number(group(m, 1)), 0, 1)],
];

/** The date a past or continuing statement gives for itself, or null. Nothing is guessed from "recently" or "soon". */
export const dateIn = (text: string, now: Date): Date | null => {
  for (const [pattern, read] of READERS) {
    const match = pattern.exec(text);
    if (!match) continue;
    const date = read(match, now);
    return date && !Number.isNaN(date.getTime()) && date <= now ? date : null;
  }
  return null;
};
