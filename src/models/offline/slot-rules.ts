import type { Fact } from './fact.js';
import { isAboutPast, isAdditive, isNegated } from './moods.js';
import { isRegion } from './places.js';
import { independent, refines, supersedes } from './ruling.js';
import type { Rule, Ruling } from './ruling.js';
import { nameOthers } from './scope.js';
import { attributeOf, slotsOf } from './slots.js';
import type { Slot } from './slots.js';
import { compareValues } from './values.js';
import { contentStems, coverage, wordsOf } from './words.js';

const REASONS: Readonly<Record<string, string>> = {
  residence: 'A person lives in one place at a time, and the new fact names another.',
  employer: 'The new fact names another employer.',
  role: 'The new fact names another job.',
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

const furtherPost = (old: Fact, fresh: Fact): Ruling | null => {
  const hasWork = slotsOf(old).some((slot) => /^(?:role|employer)$/.test(attributeOf(slot)));
  const isPost =
    /\b(?:board|advis[eo]r|advises|member of|founder|founded|freelanc\w*|contract\w*|consult\w*|also (?:works|an?)|also is an?|part-time)\b/i;
  return hasWork && old.owner === fresh.owner && isPost.test(fresh.text)
    ? refines(0.6, 'A further post is held beside the first.')
    : null;
};

const valueFor = (slots: readonly Slot[], attribute: string): string =>
  slots.find((slot) => attributeOf(slot) === attribute)?.value ?? '';

/** A manager at a firm who is a director at the same firm has another post there. */
const newTitle = (before: readonly Slot[], after: readonly Slot[]): Ruling | null => {
  const [firm, newFirm] = [valueFor(before, 'employer'), valueFor(after, 'employer')];
  const [title, newTitle] = [valueFor(before, 'role'), valueFor(after, 'role')];
  if (firm === '' || title === '' || newTitle === '' || compareValues(firm, newFirm) !== 'same') return null;
  return compareValues(title, newTitle) === 'other' && wordsOf(title).at(-1) !== wordsOf(newTitle).at(-1)
    ? supersedes(0.87, 'One has one title at a firm, and the new fact gives another.')
    : null;
};

/** Residence, employer, role, name and the like: one value at a time. */
export const slotRule: Rule = (old, fresh) => {
  if (isAboutPast(old)) return null;
  if (SIDE_POST.test(fresh.text) || isAdditive(fresh)) return furtherPost(old, fresh);
  if (
    /\bgoes by (?!\w+\/)|\bnicknamed?\b|\bcalls? (?:him|her|them)\b|\b(?:called|known as) .+ (?:by|to|among)\b|\b(?:prefers|likes) to be called\b/.test(
      fresh.lower,
    )
  )
    return refines(0.75, 'A nickname stands beside the name.');
  const before = slotsOf(old);
  const rulings = slotsOf(fresh).flatMap((after) => {
    const match = before.find(({ key }) => key === after.key);
    return match ? [rulingForSlot(match, after)] : [];
  });
  // A new employer decides even if the title stayed the same.
  return (
    rulings.find(({ verdict }) => verdict === 'supersedes') ??
    newTitle(before, slotsOf(fresh)) ??
    promotion(before, slotsOf(fresh)) ??
    (old.owner === fresh.owner ? (hiring(old, slotsOf(fresh)) ?? leaving(old, fresh, before)) : null) ??
    rulings[0] ??
    null
  );
};

const NO_EMPLOYER =
  /\b(?:freelanc\w*|self-employed|unemployed|out of work|contractor|between jobs|job hunting|retired)\b/;

/** Whoever is hired is not without an employer any more. */
const hiring = (old: Fact, after: readonly Slot[]): Ruling | null =>
  NO_EMPLOYER.test(old.lower) &&
  !isNegated(old) &&
  after.some((slot) => attributeOf(slot) === 'employer' && slot.isChange)
    ? supersedes(0.88, 'The new fact names an employer where there was none.')
    : null;

const LEFT_WORK =
  /^(?:(?:has|is) )*(?:retired|resigned|unemployed|out of work|(?:quit|lost) (?:the|his|her|their) job|(?:was|got|been) (?:laid off|fired|made redundant))\b(?: (?:by|from) (.+))?/i;

/** Whether work ended, and not at a place of which the old fact knows nothing. */
const isFrom = ({ stems }: Fact, left: RegExpExecArray | null): boolean =>
  left !== null && (left[1] === undefined || coverage(contentStems(left[1]), stems) > 0);

/** Who retires or is laid off has no longer the post that the old fact names. */
const leaving = (old: Fact, fresh: Fact, before: readonly Slot[]): Ruling | null =>
  isFrom(old, LEFT_WORK.exec(fresh.predicate)) &&
  fresh.possession === old.possession &&
  before.some((slot) => /^(?:employer|role)$/.test(attributeOf(slot))) &&
  !nameOthers(old.text, fresh.text)
    ? supersedes(0.92, 'The new fact says that the work ended.')
    : null;

const promotion = (before: readonly Slot[], after: readonly Slot[]): Ruling | null => {
  const isNewRole = after.some((slot) => attributeOf(slot) === 'role' && slot.isChange);
  return isNewRole &&
    before.some((slot) => attributeOf(slot) === 'employer') &&
    !after.some((slot) => attributeOf(slot) === 'employer')
    ? supersedes(0.9, 'A promotion replaces the former job title.')
    : null;
};
