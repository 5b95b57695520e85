import type { ClassifyInput } from '../llm.js';
import { alteredRule, nowRule, switchRule, upgradeRule } from './change-rules.js';
import { endRule, fulfilledRule, negationRule } from './end-rules.js';
import { factOf } from './fact.js';
import type { Fact } from './fact.js';
import { isAdditive, isHedged, isOneOff } from './moods.js';
import { quantityRule, repeatsFigures } from './quantity-rules.js';
import { independent, refines } from './ruling.js';
import type { Rule, Ruling } from './ruling.js';
import { dietRule, legalRule, maritalRule, planRule, statusRule } from './status-rules.js';
import { attributeRule, preferenceRule, slotRule } from './value-rules.js';
import { isGenusOf } from './synonyms.js';
import { contentStems, stem, wordsOf } from './words.js';

const RULES: readonly Rule[] = [
  maritalRule,
  planRule,
  dietRule,
  legalRule,
  attributeRule,
  slotRule,
  preferenceRule,
  switchRule,
  endRule,
  fulfilledRule,
  alteredRule,
  negationRule,
  statusRule,
  quantityRule,
  upgradeRule,
  nowRule,
];

/** Verbs and frames that two facts share without being about one thing: liking tea and liking chess. */
const FRAME = new Set(
  contentStems(
    'like love enjoy prefer hate dislike speak use own has have allergic like play want need interested interest works work live lives name named goes feel take takes went visit started been likes particularly specifically really regularly often usually',
  ),
);
const objectsOf = (fact: Fact): string[] => fact.stems.filter((word) => !FRAME.has(word));

const sharedObjects = (old: Fact, fresh: Fact): number => {
  const objects = objectsOf(old);
  const after = new Set(fresh.stems);
  return objects.length === 0
    ? 0
    : objects.reduce((sum, word) => sum + (after.has(word) || isGenusOf(word, after) ? 1 : 0), 0) / objects.length;
};

/** How much the facts share decides between a detail and something else; neither closes the old fact. */
const bySharedWords = (old: Fact, fresh: Fact): Ruling => {
  const share = sharedObjects(old, fresh);
  if (share >= 0.5 && objectsOf(fresh).length >= objectsOf(old).length && !isOneOff(fresh) && !isAdditive(fresh))
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

const isSame = (old: Fact, fresh: Fact): boolean => old.owner === fresh.owner && meaningful(old) === meaningful(fresh);

const firstRuling = (old: Fact, fresh: Fact): Ruling | null => {
  let best: Ruling | null = null;
  for (const rule of RULES) {
    const ruling = rule(old, fresh);
    if (ruling?.verdict === 'supersedes') return ruling;
    best ??= ruling;
  }
  return best;
};

/** Whether a new fact ends an old one. Sure only when a rule recognises what changed; in doubt both stay. */
export const classify = (input: Pick<ClassifyInput, 'old' | 'new'>): Ruling => {
  const old = factOf(input.old.text);
  const fresh = factOf(input.new.text);
  if (
    old.owner !== '' &&
    fresh.owner !== '' &&
    old.owner !== fresh.owner &&
    !fresh.lower.includes(old.owner) &&
    fresh.owner !== 'company'
  )
    return independent(0.9, 'The facts are about different persons or things.');
  const ruling = firstRuling(old, fresh) ?? bySharedWords(old, fresh);
  if (ruling.verdict !== 'supersedes') return ruling;
  if (isSame(old, fresh) || repeatsFigures(old, fresh)) return refines(0.85, 'Both facts say the same.');
  if (isHedged(fresh))
    return independent(0.75, 'The new fact is only planned or possible, so the old one still holds.');
  if (isAdditive(fresh)) return independent(0.75, 'The new fact says that it stands beside the old one.');
  if (isOneOff(fresh) && ruling.confidence < 0.92)
    return independent(0.6, 'One occasion does not end a lasting state.');
  return ruling;
};
