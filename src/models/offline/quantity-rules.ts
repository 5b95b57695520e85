import type { Fact } from './fact.js';
import { isAboutPast, isOneOff } from './moods.js';
import { GENERIC, isOf, specific } from './objects.js';
import { BARE, changedUnits, quantitiesIn } from './quantities.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { isElsewhere } from './scope.js';
import { coverage } from './words.js';

const UPDATE =
  /\b(?:now|increas\w+|decreas\w+|rais\w+|lower\w+|reduc\w+|grew|grown|expand\w+|extend\w+|adjust\w+|revis\w+|updat\w+|improv\w+|reach\w+|bumped|dropped|fell|fallen|shrunk|rose|cut|risen|crossed|hit|climbed|doubled|tripled|shrank|upgraded|up to|down to|raise|moved|rescheduled|so far|total|passed|surpassed|exceeded|topped|went (?:up|down)|came down|gone (?:up|down))\b/;
const COUNTING =
  /^(?:goes to|wakes|gets up|has|have|is|are|manages|employs|owns|leads|weighs|earns|pays|takes|drinks|runs|works|sleeps|grew|counts|uses|supports|hit|reached|crossed|passed|surpassed|went)\b/i;

const isWord = (word: string): boolean =>
  !/^\d/.test(word) &&
  !/^(?:two|thre|four|fiv|six|seven|eight|nin|ten|eleven|twelv|am|pm|kb|mb|gb|tb|ms|kg|mg)$/.test(word);

interface Overlap {
  /** Stems of the old and of the new fact, numbers left out. */
  a: readonly string[];
  b: readonly string[];
  isCounted: boolean;
  isSameThing: boolean;
}

/** "Supervises four interns", "supervises seven interns": a count that stands, and not one that happened. */
const isSameHabit = (old: Fact, fresh: Fact): boolean => {
  const [before = '', after = ''] = [old, fresh].map(({ predicate }) => predicate.split(' ', 1)[0]?.toLowerCase());
  return before === after && /[^s]s$/.test(before);
};

const isNewerFigure = (old: Fact, fresh: Fact, { a, b, isCounted, isSameThing }: Overlap): boolean => {
  const shared = new Set(b.filter((word) => a.includes(word) && !GENERIC.has(word)));
  if (isCounted && isSameThing && shared.size > 0 && a.length <= 3 && (a.length === 1 || coverage(a, b) > 0.5))
    return true;
  // "Response time is 1,200 ms": the thing is its own subject, and nothing but the figure is said of it.
  if (isCounted && isSameThing && a.length === 0) return true;
  const named = specific(fresh.possession);
  if (isCounted && old.owner === fresh.owner && named.length > 0 && coverage(named, a) >= 0.5) return true;
  if (named.length >= 2 && coverage(named, a) === 1) return true;
  return shared.size >= 3;
};

const PROGRESS =
  /^(?:has |have )?(?:completed|finished|read|logged|written|solved|collected|passed|planted|saved|applied|watched)\b/i;

/** "Has completed 13 modules" after "completed 9 modules": what adds up has gone on. */
const isProgress = (old: Fact, fresh: Fact, { a, b }: Overlap): boolean => {
  const [before, after] = [PROGRESS.exec(old.predicate)?.[0], PROGRESS.exec(fresh.predicate)?.[0]];
  const isPerfect = /\b(?:has|have|now|so far)\b/.test(fresh.lower);
  return before !== undefined && after !== undefined && isPerfect && coverage(b, a) === 1 && a.length > 1;
};

/** The same thing counted again with another result. */
export const quantityRule: Rule = (old, fresh) => {
  if (!isOf(old, fresh) || isElsewhere(old, fresh)) return null;
  const isOneThing = old.owner === fresh.owner && old.possession === fresh.possession && old.possession !== '';
  const units = changedUnits(quantitiesIn(old.text), quantitiesIn(fresh.text)).filter(
    (unit) => unit !== BARE || isOneThing,
  );
  if (units.length === 0) return null;
  const [a, b] = [old.stems.filter(isWord), fresh.stems.filter(isWord)];
  const isUpdate = UPDATE.test(fresh.lower);
  const isCounted = (COUNTING.test(old.predicate) || isSameHabit(old, fresh)) && !isAboutPast(old);
  const isSameThing = old.owner === fresh.owner && old.possession === fresh.possession;
  // Two meetings at two times are two meetings; two head counts of one team are one count, redone.
  const isRecount = isUpdate || units.some((unit) => unit !== 'time');
  if (
    isCounted &&
    isSameThing &&
    isRecount &&
    (COUNTING.test(fresh.predicate) || isSameHabit(old, fresh)) &&
    !isOneOff(fresh) &&
    coverage(b, a) >= 0.99
  )
    return supersedes(isUpdate ? 0.94 : 0.9, 'The same thing was counted again with another result.');
  const overlap = { a, b, isCounted, isSameThing };
  return (isUpdate && isNewerFigure(old, fresh, overlap)) || (isSameThing && isProgress(old, fresh, overlap))
    ? supersedes(0.88, 'The new fact gives a newer figure for the same thing.')
    : null;
};

/** Two tellings of one figure: a change that the old fact reports already is no news. */
export const repeatsFigures = (old: Fact, fresh: Fact): boolean => {
  const figures = fresh.text.match(/\d[\d.,]*/g) ?? [];
  return (
    figures.length > 0 &&
    UPDATE.test(old.lower) &&
    figures.every((figure) => old.text.includes(figure.replace(/[.,]$/, '')))
  );
};
