import type { Fact } from './fact.js';
import { rivalryIn } from './kinds.js';
import { isAboutPast, isNegated } from './moods.js';
import { frameOf } from './phrases.js';
import { supersedes } from './ruling.js';
import type { Rule } from './ruling.js';
import { isMarked, nameOthers } from './scope.js';
import { isGenusOf, kinship } from './synonyms.js';
import { contentStems } from './words.js';

const VAGUE = new Set(
  contentStems('plan tier membership member status subscription shift work works pay contract account'),
);

/** Two states that exclude each other, of one thing: gold status after silver, annual billing after monthly. */
export const stateRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || isAboutPast(old) || isNegated(old) || isNegated(fresh)) return null;
  const rivalry = rivalryIn(old.text, fresh.text);
  if (!rivalry?.isState) return null;
  const states = new Set(contentStems(`${rivalry.before} ${rivalry.after}`));
  const rest = old.stems.filter((word) => !states.has(word));
  const after = new Set(fresh.stems);
  const things = rest.filter((word) => !VAGUE.has(word));
  const isSameThing = things.every((word) => kinship(word, after) > 0);
  const isShared =
    rest.length === 0 ||
    rest.some((word) => kinship(word, after) > 0) ||
    rivalry.before.split(' ').at(-1) === rivalry.after.split(' ').at(-1);
  const unstated = (text: string): string =>
    text.replace(
      /\b(?:Free|Basic|Starter|Standard|Premium|Pro|Plus|Business|Enterprise|Professional|Ultimate|Bronze|Silver|Gold|Platinum|Diamond)\b/g,
      '',
    );
  if (!isSameThing || !isShared || nameOthers(unstated(old.text), unstated(fresh.text))) return null;
  if (isMarked(fresh)) return supersedes(0.93, 'The new fact tells of a change to a state that excludes the old one.');
  return old.possession === fresh.possession && frameOf(old.predicate).verb === frameOf(fresh.predicate).verb
    ? supersedes(0.87, 'The states exclude each other.')
    : supersedes(0.75, 'The states may exclude each other.');
};

const UNIVERSAL = /\b(?:all|any|every|everything|anything|entire|whole)\b/;

/** "Allergic to all nuts" holds more than "allergic to peanuts", so that the narrower fact says nothing any more. */
export const broaderRule: Rule = (old, fresh) => {
  if (old.owner !== fresh.owner || old.possession !== fresh.possession || isAboutPast(old)) return null;
  if (!UNIVERSAL.test(fresh.lower) || UNIVERSAL.test(old.lower) || isNegated(old) !== isNegated(fresh)) return null;
  const [a, b] = [frameOf(old.predicate), frameOf(fresh.predicate)];
  if (a.verb !== b.verb) return null;
  const heads = (fact: Fact): string => contentStems(fact.predicate).at(-1) ?? '';
  const [narrow, broad] = [heads(old), heads(fresh)];
  if (broad === '' || broad === a.verb) return null;
  return narrow.endsWith(broad) || isGenusOf(broad, new Set([narrow]))
    ? supersedes(0.87, 'The new fact says the same of more, the old case included.')
    : null;
};

const AGE = /^(?:is|turned|has turned|became)(?: just)? (\d{1,3})(?: years? old)?$/i;

/** Age comes with the years: "is 7", "turned 8". */
export const ageRule: Rule = (old, fresh) => {
  const [before, after] = [AGE.exec(old.predicate)?.[1], AGE.exec(fresh.predicate)?.[1]];
  if (before === undefined || after === undefined || old.owner !== fresh.owner || old.possession !== fresh.possession)
    return null;
  return Number(after) > Number(before) ? supersedes(0.9, 'The new fact gives a later age.') : null;
};
