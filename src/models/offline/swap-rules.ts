import type { Fact } from './fact.js';
import { rivalryIn } from './kinds.js';
import type { Rivalry } from './kinds.js';
import { haveDifferentContexts, isAboutPast, isNegated } from './moods.js';
import { frameOf, headOf } from './phrases.js';
import type { Frame } from './phrases.js';
import { supersedes } from './ruling.js';
import type { Rule, Ruling } from './ruling.js';
import { compareValues } from './values.js';
import { contentStems, coverage, stem } from './words.js';

/** Verb and preposition of which a subject has one at a time; "object" stands for the verb's object. */
const FUNCTIONAL = new Set(
  'commut-by report-to lead-by end-in assign-to belong-to base-in base-at locate-in locate-at headquarter-in sit-at sit-on host-on deploy-to deploy-on manage-by own-by run-by teach-by coach-by written-in built-in stor-in kept-in park-in park-at marri-to engag-to nam-object call-object bill-to'.split(
    ' ',
  ),
);
/** What adds up: having, liking or speaking one thing says nothing of another. */
const ACCUMULATING = new Set(
  'have use own speak know like love enjoi collect visit buy read watch hat play want need be go see do us add support includ tak eat drink stud learn teach volunteer'
    .split(' ')
    .map(stem),
);

const FREQUENCY = /^(?:every|each|daily|weekly|monthly|once|twice|often)\b/;

interface Swap {
  key: string;
  before: string;
  after: string;
}

/** The one part in which two sentences of the same build differ; null if they differ in more, or in none. */
const swapOf = (old: Frame, fresh: Frame): Swap | null => {
  const parts = (frame: Frame): Map<string, string> => new Map([['object', frame.object], ...frame.details]);
  const [a, b] = [parts(old), parts(fresh)];
  const swaps: Swap[] = [];
  for (const [key, after] of b) {
    const before = a.get(key);
    if (before === undefined || before === '' || after === '') continue;
    if (compareValues(before, after) === 'other') swaps.push({ key, before, after });
  }
  // Each names circumstances that the other lacks: they may be two different cases.
  const isApart = [...a.keys()].some((key) => !b.has(key)) && [...b.keys()].some((key) => !a.has(key));
  return swaps.length === 1 && !isApart ? (swaps[0] ?? null) : null;
};

/** "Basic plan of one product" and "Pro plan of another" differ in more than the tier. */
const isSameOtherwise = (before: string, after: string, rivalry: Rivalry): boolean => {
  const rest = (value: string, member: string): string[] => {
    const own = new Set(contentStems(member));
    return contentStems(value).filter((word) => !own.has(word));
  };
  const [a, b] = [rest(before, rivalry.before), rest(after, rivalry.after)];
  return a.length === 0 || b.length === 0 || coverage(a, b) === 1 || coverage(b, a) === 1;
};

/** "Does laundry on Mondays now": the same deed, and only when, where or how is another. */
const isSameDeed = (old: Fact, fresh: Fact, key: string): boolean => {
  const [a, b] = [frameOf(old.predicate), frameOf(fresh.predicate)];
  const [purpose, newPurpose] = [a, b].map(({ details }) => details.get('for') ?? '');
  if (key === 'object') return purpose !== '' && purpose === newPurpose;
  return !/^(?:be|liv)$/.test(a.verb) && (a.object === b.object || compareValues(a.object, b.object) === 'same');
};

const rulingFor = (old: Fact, fresh: Fact, verb: string, { key, before, after }: Swap): Ruling | null => {
  const isNow = /\bnow\b/.test(fresh.lower);
  const rivalry = rivalryIn(before, after);
  if (rivalry && !isSameOtherwise(before, after, rivalry)) return null;
  if (rivalry) {
    // Whoever drinks tea may drink coffee too; a laptop runs one system.
    const isExclusive =
      FUNCTIONAL.has(`${verb}-${key}`) || rivalry.isState || isNow || old.possession !== '' || verb === 'be';
    return supersedes(
      isNow ? 0.95 : isExclusive ? 0.89 : 0.8,
      'The values of the one part that differs exclude each other.',
    );
  }
  const isTimed = old.possession !== '' && /^(?:at|on|from)$/.test(key) && /\d/.test(before) && /\d/.test(after);
  const isPlaced = verb === 'be' && /^(?:in|on|at)$/.test(key) && old.possession !== '';
  if (key === 'time')
    return isNow && FREQUENCY.test(before) && FREQUENCY.test(after)
      ? supersedes(0.93, 'The new fact says that it is now done at other times.')
      : null;
  if (FUNCTIONAL.has(`${verb}-${key}`) || isPlaced || isTimed)
    return supersedes(isNow ? 0.95 : 0.88, 'There is one value at a time, and the new fact gives another.');
  const isOneSort = headOf(before) === headOf(after) && key !== 'object';
  if (isNow && (isOneSort || isSameDeed(old, fresh, key)))
    return supersedes(0.92, 'The new fact says that this is now so in another way.');
  if (isNow && !ACCUMULATING.has(verb)) return supersedes(0.88, 'The new fact says that this is now done otherwise.');
  return isNow && verb !== 'be' && verb !== 'have'
    ? supersedes(0.72, 'The new fact may replace the old choice.')
    : null;
};

/** The same sentence with one value swapped, where the values exclude each other. */
export const swapRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || old.possession !== fresh.possession) return null;
  if (isAboutPast(old) || isNegated(old) || isNegated(fresh)) return null;
  const [a, b] = [frameOf(old.predicate), frameOf(fresh.predicate)];
  const isSameVerb = a.verb === b.verb || b.verb === `re${a.verb}`;
  const swap = isSameVerb ? swapOf(a, b) : null;
  if (!swap) return null;
  return haveDifferentContexts(old, fresh) && swap.key === 'object' ? null : rulingFor(old, fresh, a.verb, swap);
};

/** "The one-on-one is now on Wednesdays" after "has a one-on-one every Monday". */
export const scheduleRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || old.possession !== '' || fresh.possession === '' || isAboutPast(old)) return null;
  const { verb, details } = frameOf(old.predicate);
  const after = /^(?:is|takes place|happens)(?: scheduled)? ((?:on|at|every|each)\b.*)$/i.exec(fresh.predicate)?.[1];
  const event = contentStems(fresh.possession);
  const before = [...details].filter(([key]) => /^(?:on|at|time)$/.test(key)).map(([, value]) => value);
  if (after === undefined || before.length === 0 || !/^(?:hav|have|attend|join)$/.test(verb)) return null;
  if (coverage(event, old.stems) < 1 || before.some((value) => compareValues(value, after) !== 'other')) return null;
  return supersedes(/\bnow\b/.test(fresh.lower) ? 0.95 : 0.8, 'The new fact gives another time for the same event.');
};
