import { attributeIn, isSameAttribute } from './attributes.js';
import { areRivals } from './kinds.js';
import { haveDifferentContexts, isAboutPast } from './moods.js';
import { independent, refines, supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { isElsewhere, isPersonal } from './scope.js';
import { compareValues } from './values.js';
import { contentStems, coverage, wordsOf } from './words.js';

/** Attributes of which people tell many things: "the job is stressful" is no employer, one goal no other goal. */
const TOLD_VARIOUSLY =
  /^(?:.* )?(?:job|role|plan|goal|target|limit|schedule|location|position|team|club|director|owner|count|total|number|size|office|score|rating|status|date|status)$/;

/** Whether two values can be told of one attribute: two numbers, two names, two members of a kind. */
const areAlike = (name: string, before: string, after: string): boolean => {
  if (!TOLD_VARIOUSLY.test(name) || areRivals(before, after)) return true;
  const isNumber = (value: string): boolean => /\d/.test(value);
  const isName = (value: string): boolean => /^(?:in |at |on |with |the )*\p{Lu}/u.test(value);
  if (isNumber(before) || isNumber(after)) return isNumber(before) && isNumber(after);
  return isName(before) && isName(after);
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
  if (haveDifferentContexts(old, fresh, [before.value, after.value]))
    return independent(0.6, 'The values belong to different settings.');
  if (!areAlike(after.name, before.value, after.value))
    return supersedes(0.75, 'The attribute was told before, but the values are of different sorts.');
  return supersedes(
    after.isChange || /\b(?:now|changed|new|current|currently|updated)\b/.test(fresh.lower) ? 0.95 : 0.92,
    'The attribute has one value at a time, and the new fact gives another.',
  );
};

/** Things of which one may well have several: "User's dog is Rex" says nothing of a dog named Bella. */
const SEVERAL =
  /\b(?:dog|cat|pet|horse|rabbit|bird|parrot|project|hobby|book|song|movie|film|show|game|skill|allergy|class|course|friend|trip|child|product|idea|task|issue|question|problem|concern|interest|strength|weakness|goal|plan|dream|appointment|meeting|event)s?$/;

/** "User's X is A" presupposes that there is one X, whatever X is; so does "User's X is B". */
export const definiteRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || old.possession === '' || old.possession !== fresh.possession) return null;
  // Of a country or a firm it takes a word that something changed: it may have two official languages.
  if (old.owner !== 'user' && !/\bnow\b/.test(fresh.lower)) return null;
  if (SEVERAL.test(old.possession) || isPersonal(old) || isAboutPast(old) || haveDifferentContexts(old, fresh))
    return null;
  const [a, b] = [old, fresh].map(({ predicate }) => /^is (?:an? )?([\p{Lu}\d][^,]*)$/u.exec(predicate)?.[1]);
  if (a === undefined || b === undefined || compareValues(a, b) !== 'other') return null;
  return supersedes(0.86, 'There is one such thing, and the new fact names another.');
};

const PREFERENCE = /^prefers? (.+?)(?: (?:over|to|instead of|rather than) (.+))?$/i;
const PURPOSE = / (?:in|for|on|at|when|while|during)\b.*$/i;
const SETTING = / (?:in|for|on|at|when|while|during|with|because|after|before)\b.*$/i;

/** "Prefers A" replaces "prefers B" where A and B are choices of the same kind. */
export const preferenceRule: Rule = (old, fresh) => {
  const before = PREFERENCE.exec(old.predicate);
  const after = PREFERENCE.exec(fresh.predicate);
  if (!before || !after || old.owner !== fresh.owner) return null;
  const [a = '', b = ''] = [before[1] ?? '', after[1] ?? ''].map((value) => value.replace(SETTING, ''));
  if (haveDifferentContexts(old, fresh, [a, b]) || isElsewhere(old, fresh))
    return independent(0.7, 'The preferences belong to different settings.');
  const relation = compareValues(a, b);
  if (relation !== 'other') return refines(0.85, 'The new preference details the old one.');
  const losesTo = after[2] !== undefined && coverage(contentStems(a), contentStems(after[2])) > 0;
  if (losesTo) return supersedes(0.94, 'The new fact prefers something else over the old choice.');
  const [purpose, newPurpose] = [before[1] ?? '', after[1] ?? ''].map((value) => PURPOSE.exec(value)?.[0] ?? '');
  if (purpose !== newPurpose) return independent(0.6, 'The preferences are for different purposes.');
  if (purpose !== '')
    return supersedes(0.88, 'One thing is preferred for one purpose, and the new fact names another.');
  const shareHead = wordsOf(a).length > 1 && wordsOf(a).at(-1) === wordsOf(b).at(-1);
  return shareHead || areRivals(a, b)
    ? supersedes(0.9, 'The preferences exclude each other.')
    : independent(0.5, 'The preferences may hold side by side.');
};
