import { endedThing, endingsIn, isEnding } from './endings.js';
import type { Ending } from './endings.js';
import type { Fact } from './fact.js';
import { isAboutPast, isDoublyNegated, isNegated, isOneOff } from './moods.js';
import { GENERIC, isOf, specific } from './objects.js';
import { frameOf, headOf, nounPhrase } from './phrases.js';
import { supersedes } from './ruling.js';
import type { Rule, Ruling } from './ruling.js';
import { isElsewhere, isOtherHolder } from './scope.js';
import { isGenusOf, kinship } from './synonyms.js';
import { contentStems, coverage, isDerived, stem } from './words.js';

/** Words for the whole of a piece of work, which may end a phrase without naming anything else. */
const CONTAINERS = new Set(
  contentStems(
    'pr project task course class program programme training work process book contract test exam degree thesis dissertation doctorate',
  ),
);

/** Said of a thing that one has, these need not end having it: a dog is left with a friend, a phone is dropped. */
const LOOSE = /^(?:left|dropped|closed|lost|ended|removed|returned|cleared|settled)$/;
const CLOSABLE =
  /\b(?:account|membership|subscription|business|shop|store|contract|job|policy|plan|pension|card|debt|loan)\b/;
/** "Sold a car" may be another one, "sold half of the shares" is a part. */
const INDEFINITE = /^ (?:an?|another|some|several|half|part|most|a few|one|two|three|\d+) /;

/** Stems by which the old fact names its thing itself: "boat" of "a boat with a motor", but not "motor". */
const headsOf = (old: Fact): Set<string> => {
  const { verb, object, details } = frameOf(old.predicate);
  // "Sick with the flu" is about the flu, "has a boat with a motor" not about the motor.
  const asides = verb === 'be' || object === '' ? /^(?:because|time)$/ : /^(?:with|without|for|from|because|time)$/;
  const places = [...details].filter(([key]) => !asides.test(key));
  const phrases = [object, ...object.split(' of '), ...places.map(([, phrase]) => phrase), old.possession];
  const names = old.text.match(/(?<!^)\b\p{Lu}[\p{L}\p{N}]+/gu) ?? [];
  return new Set([
    verb,
    ...phrases.map(headOf),
    ...phrases.map((phrase) => specific(phrase).at(-1) ?? ''),
    ...names.map((name) => stem(name.toLowerCase())),
  ]);
};

const covers = (part: readonly string[], whole: readonly string[]): number =>
  part.length === 0 ? 0 : part.filter((word) => whole.some((other) => isDerived(word, other))).length / part.length;

const isSure = (old: Fact, { words, after }: Ending): boolean => {
  const isHad = old.possession !== '' || /^(?:hav|own|use|driv|wear|keep)$/.test(frameOf(old.predicate).verb);
  return !INDEFINITE.test(after) && !(isHad && LOOSE.test(words) && !CLOSABLE.test(old.lower));
};

const endsWith = (old: Fact, fresh: Fact, ending: Ending): Ruling | null => {
  const object = endedThing(ending, old, fresh);
  const { stems } = old;
  const known = stems.filter((word) => !GENERIC.has(word));
  const back = covers(known.length > 0 ? known : stems, object);
  const heads = [...headsOf(old)];
  const isNamed = covers(object, stems) === 1 && object.some((word) => heads.some((head) => isDerived(word, head)));
  if (isNamed && back >= 0.25)
    return isSure(old, ending)
      ? supersedes(0.95, 'The new fact says that the old state has ended.')
      : supersedes(0.78, 'The new fact may say that the old state has ended.');
  // "Lost the cat's toy" ends nothing about the cat, "finished the signup page" nothing about the login page.
  const head = object.at(-1) ?? '';
  const isKindred = kinship(head, new Set(stems)) > 0 || CONTAINERS.has(head);
  return object.length > 1 && coverage(object.slice(0, -1), stems) === 1 && back >= 0.5 && isKindred
    ? supersedes(0.88, 'The new fact says that the old state has ended.')
    : null;
};

/** "Cancelled the gym membership", "finished the course": the old state is said to be over. */
export const endRule: Rule = (old, fresh) => {
  if (!isOf(old, fresh) || isOtherHolder(old, fresh) || isElsewhere(old, fresh)) return null;
  // Two wordings of one ending ("died", "passed away") end nothing twice.
  if (isAboutPast(old) || isNegated(old) || isEnding(old)) return null;
  for (const ending of endingsIn(old, fresh)) {
    const ruling = endsWith(old, fresh, ending);
    if (ruling) return ruling;
  }
  return null;
};

/** "Does not eat fish" after "eats fish", and the other way round. */
export const negationRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || isAboutPast(old) || isOneOff(fresh) || isNegated(old) === isNegated(fresh))
    return null;
  if (isDoublyNegated(fresh)) return null;
  const clean = (fact: Fact): string[] =>
    fact.stems.filter(
      (word) =>
        !GENERIC.has(word) &&
        !/^(?:longer|never|anymor|ani|stop|start|again|now|hate|lik|lov|enjoi|dislik|no|without|avoid|skip|eat|drink|every)$/.test(
          word,
        ),
    );
  const [a, b] = [clean(old), clean(fresh)];
  if (b.length === 0 || coverage(b, a) < 1) return null;
  const isMarked = /\b(?:no longer|any ?more|stopped|now|again|started|after all|actually)\b/.test(fresh.lower);
  return coverage(a, b) === 1 || (isMarked && coverage(a, b) >= 0.5)
    ? supersedes(isMarked ? 0.95 : 0.88, 'The new fact denies what the old one states.')
    : null;
};

const NONE = /^(?:has|have|owns?|takes?|knows?|speaks?) (?:no|not any|never had)(?: known| current)? (.+)$/i;
const GAINED =
  /^(?:has|owns|takes|got|bought|adopted|acquired|found|started|developed|received|was diagnosed with|was prescribed|opened|joined)\b/i;

/** "Has no pets" is over with the first one. */
export const firstOneRule: Rule = (old, fresh) => {
  const none = NONE.exec(old.predicate)?.[1];
  if (none === undefined || old.owner !== fresh.owner || fresh.possession !== '' || isNegated(fresh)) return null;
  const head = headOf(nounPhrase(none));
  const after = new Set(contentStems(nounPhrase(fresh.predicate.replace(/^was diagnosed with/i, 'has'))));
  return GAINED.test(fresh.predicate) && (after.has(head) || isGenusOf(head, after))
    ? supersedes(0.88, 'The new fact names one where the old one says that there is none.')
    : null;
};
