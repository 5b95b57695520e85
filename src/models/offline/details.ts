import type { Fact } from './fact.js';
import { isAdditive, isHedged, isNegated, isOneOff } from './moods.js';
import { frameOf, headOf, nounPhrase } from './phrases.js';
import { independent, refines } from './ruling.js';
import type { Ruling } from './ruling.js';
import { nameOthers } from './scope.js';
import { isGenusOf } from './synonyms.js';
import { contentStems, coverage, isDerived, stem, wordsOf } from './words.js';

/** Verbs and frames that two facts share without being about one thing: liking tea and liking chess. */
const FRAME = new Set(
  contentStems(
    'like love enjoy prefer hate dislike speak use own has have allergic afraid like play want need interested interest curious works work live lives name named goes feel take takes took went visit started been likes particularly specifically really regularly often usually member customer',
  ),
);

const TIME = /^(?:everi|dai|day|week|weekli|month|monthli|year|morn|even|night|regular|\w+dai|mondai|weekend)$/;

/** What a fact is about: its words without the verb, or the verb where it says all ("smokes"). */
const objectsOf = (fact: Fact): string[] => {
  const { verb } = frameOf(fact.predicate);
  const objects = fact.stems.filter((word) => !FRAME.has(word) && !TIME.test(word) && word !== verb);
  return objects.length > 0 ? objects : fact.stems.filter((word) => !FRAME.has(word));
};

const sharedObjects = (old: Fact, fresh: Fact): number => {
  const objects = objectsOf(old);
  const after = new Set(fresh.stems);
  const isShared = (word: string): boolean =>
    isGenusOf(word, after) || fresh.stems.some((other) => isDerived(word, other));
  return objects.length === 0 ? 0 : objects.filter(isShared).length / objects.length;
};

/** "Boat trailer" is no boat: the old thing's noun only qualifies another one. */
const isQualifier = (old: Fact, fresh: Fact): boolean => {
  const { verb, object: before, details } = frameOf(old.predicate);
  // "Likes baking bread" is no other thing than "likes baking".
  if (before.endsWith('ing') || (verb === 'be' && before !== '')) return false;
  const heads = (before === '' ? ['for', 'on', 'at'].map((key) => details.get(key) ?? '') : [before])
    .map(headOf)
    .filter((head) => head !== '');
  const object = nounPhrase(frameOf(fresh.predicate).object);
  const words = contentStems(object);
  const at = words.findIndex((word) => heads.includes(word));
  return (
    at >= 0 &&
    at < words.length - 1 &&
    !/\b(?:of|and|or|well|enough|very|online|alone|together|abroad|outside|professionally)\b/.test(object) &&
    !old.stems.includes(words.at(-1) ?? '')
  );
};

const HABIT = /\b(?:every|each|regularly|usually|daily|weekly|always|often)\b/;

/** How much the facts share decides between a detail and something else; neither closes the old fact. */
export const bySharedWords = (old: Fact, fresh: Fact): Ruling => {
  const share = sharedObjects(old, fresh);
  if (isHedged(fresh) && share >= 0.5) return refines(0.55, 'The new fact weighs what may become of the old one.');
  const [a, b] = [frameOf(old.predicate), frameOf(fresh.predicate)];
  const isSameThing =
    old.possession !== '' && old.possession === fresh.possession && a.verb === 'be' && b.verb === 'be';
  const topics = [a.object, ...a.details.values()].map(headOf);
  // With the same verb a word that was exchanged is another thing; with another verb it is told from another side.
  const isOnTopic =
    share >= 0.5 &&
    (isSameThing ||
      (!nameOthers(old.text, fresh.text) && a.verb !== b.verb && topics.some((topic) => fresh.stems.includes(topic))));
  // One run is an instance of "runs every morning".
  if (HABIT.test(old.lower) && isOneOff(fresh) && share >= 0.5 && !isNegated(fresh) && !isHedged(fresh))
    return refines(0.55, 'The new fact is one instance of the habit that the old one states.');
  if ((share >= 0.75 || isOnTopic) && !isOneOff(fresh) && !isAdditive(fresh) && !isQualifier(old, fresh))
    return refines(0.6, 'The new fact adds detail to what the old one says.');
  return independent(share > 0 ? 0.5 : 0.7, 'Nothing in the new fact contradicts the old one.');
};

/** All words but articles: "she" and "they" may be the whole difference between two facts. */
const meaningful = (fact: Fact): string =>
  wordsOf(fact.predicate)
    .filter((word) => !/^(?:a|an|the|is|are|in|at|on|of|has|been)$/.test(word))
    .map(stem)
    .sort()
    .join(' ');

export const isSame = (old: Fact, fresh: Fact): boolean =>
  old.owner === fresh.owner && old.possession === fresh.possession && meaningful(old) === meaningful(fresh);

const GIVEN_UP = /\b(?:quit|gave up|left|cancelled|ended|dropped|sold)\b/;
const RETURN = /\b(?:back (?:to|in|on|at)|(?:return(?:ed|ing|s)?|went back|reverted) to|again|resumed)\b(.*)$/;

/** Whether the fresh fact tells of a return to just what the old one states: that holds now as it did before. */
export const isReturn = (old: Fact, fresh: Fact): boolean => {
  const after = RETURN.exec(fresh.lower)?.[1];
  if (after === undefined || GIVEN_UP.test(old.lower) || isNegated(old) || isNegated(fresh)) return false;
  const target = contentStems(after);
  return target.length > 0 ? coverage(target, old.stems) === 1 : coverage(objectsOf(old), fresh.stems) === 1;
};
