import { attributeIn, isSameAttribute } from './attributes.js';
import { areRivals } from './kinds.js';
import { haveDifferentContexts, isAboutPast } from './moods.js';
import { isRegion } from './places.js';
import { independent, refines, supersedes } from './ruling.js';
import type { Rule, Ruling } from './ruling.js';
import { attributeOf, slotsOf } from './slots.js';
import type { Slot } from './slots.js';
import { contentStems, coverage, wordsOf } from './words.js';

const REASONS: Readonly<Record<string, string>> = {
  residence: 'A person lives in one place at a time, and the new fact names another.',
  employer: 'The new fact names another employer.',
  role: 'The new fact names another job.',
};

const compareValues = (before: string, after: string): 'same' | 'narrower' | 'other' => {
  const [a, b] = [before, after].map((value) =>
    wordsOf(value).filter((word) => !/^(?:the|a|an|in|on|at|of)$/.test(word)),
  );
  if (!a || !b || (coverage(a, b) === 1 && coverage(b, a) === 1)) return 'same';
  return coverage(a, b) === 1 || coverage(b, a) === 1 ? 'narrower' : 'other';
};

/** A second, lesser post is held beside the first one. */
const SIDE_POST =
  /\b(?:advis[eo]r|board|volunteer\w*|mentor|member|freelance\w*|part-time|student|founder|contractor|guest|coach|intern)\b/i;

const rulingForSlot = (before: Slot, after: Slot): Ruling => {
  const attribute = attributeOf(after);
  const reason = REASONS[attribute] ?? 'The attribute has one value at a time, and the new fact gives another.';
  const relation = compareValues(before.value, after.value);
  if (relation === 'same') return refines(0.85, 'Both facts give the same value.');
  if (relation === 'narrower')
    return attribute === 'called' && after.isChange
      ? supersedes(0.9, reason)
      : refines(0.85, 'The new value says the old one in more or less detail.');
  if (attribute === 'residence' && isRegion(before.value) !== isRegion(after.value) && !after.isChange)
    return refines(0.6, 'One place may lie inside the other.');
  if (attribute === 'role' && !after.isChange) {
    const hasSameHead = wordsOf(before.value).at(-1) === wordsOf(after.value).at(-1);
    return hasSameHead
      ? refines(0.7, 'The new fact details the same kind of work.')
      : independent(0.5, 'A person can hold two roles.');
  }
  return supersedes(after.isChange ? 0.95 : 0.88, reason);
};

/** Residence, employer, role, name and the like: one value at a time. */
export const slotRule: Rule = (old, fresh) => {
  if (isAboutPast(old) || SIDE_POST.test(fresh.text)) return null;
  if (/\bgoes by\b|\bnicknamed?\b/.test(fresh.lower)) return refines(0.75, 'A nickname stands beside the name.');
  const before = slotsOf(old);
  const rulings = slotsOf(fresh).flatMap((after) => {
    const match = before.find(({ key }) => key === after.key);
    return match ? [rulingForSlot(match, after)] : [];
  });
  // A new employer decides even if the title stayed the same.
  return (
    rulings.find(({ verdict }) => verdict === 'supersedes') ?? promotion(before, slotsOf(fresh)) ?? rulings[0] ?? null
  );
};

const promotion = (before: readonly Slot[], after: readonly Slot[]): Ruling | null => {
  const isNewRole = after.some((slot) => attributeOf(slot) === 'role' && slot.isChange);
  return isNewRole &&
    before.some((slot) => attributeOf(slot) === 'employer') &&
    !after.some((slot) => attributeOf(slot) === 'employer')
    ? supersedes(0.9, 'A promotion replaces the former job title.')
    : null;
};

/** "X's A is V" for attributes A of which X has one. */
export const attributeRule: Rule = (old, fresh) => {
  const before = attributeIn(old);
  const after = attributeIn(fresh);
  if (!before || !after || before.owner !== after.owner || isAboutPast(old)) return null;
  if (!isSameAttribute(before.name, after.name)) return independent(0.8, 'The facts are about different attributes.');
  const relation = compareValues(before.value, after.value);
  if (relation === 'same') return refines(0.9, 'Both facts give the same value.');
  if (relation === 'narrower') return refines(0.85, 'The new value says the old one in more or less detail.');
  // "In March" and "March 15" name one date, told more exactly.
  if (/\b(?:birthday|anniversary)\b/.test(after.name))
    return refines(0.6, 'A birthday does not change; one of the facts may be a correction.');
  if (haveDifferentContexts(old, fresh)) return independent(0.6, 'The values belong to different settings.');
  return supersedes(
    after.isChange || /\b(?:now|changed|new|current|currently|updated)\b/.test(fresh.lower) ? 0.95 : 0.92,
    'The attribute has one value at a time, and the new fact gives another.',
  );
};

const PREFERENCE = /^prefers? (.+?)(?: (?:over|to|instead of|rather than) (.+))?$/i;
const SETTING = / (?:in|for|on|at|when|while|during|with|because|after|before)\b.*$/i;

/** "Prefers A" replaces "prefers B" where A and B are choices of the same kind. */
export const preferenceRule: Rule = (old, fresh) => {
  const before = PREFERENCE.exec(old.predicate);
  const after = PREFERENCE.exec(fresh.predicate);
  if (!before || !after || old.owner !== fresh.owner) return null;
  if (haveDifferentContexts(old, fresh)) return independent(0.7, 'The preferences belong to different settings.');
  const [a, b] = [before[1] ?? '', after[1] ?? ''].map((value) => value.replace(SETTING, ''));
  const relation = compareValues(a ?? '', b ?? '');
  if (relation !== 'other') return refines(0.85, 'The new preference details the old one.');
  const losesTo = after[2] !== undefined && coverage(contentStems(a ?? ''), contentStems(after[2])) > 0;
  if (losesTo) return supersedes(0.94, 'The new fact prefers something else over the old choice.');
  const shareHead = wordsOf(a ?? '').length > 1 && wordsOf(a ?? '').at(-1) === wordsOf(b ?? '').at(-1);
  return shareHead || areRivals(a ?? '', b ?? '')
    ? supersedes(0.9, 'The preferences exclude each other.')
    : independent(0.5, 'The preferences may hold side by side.');
};
