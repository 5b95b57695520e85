import type { ClassifyInput } from '../llm.js';
import { alteredRule, moveRule, switchRule, upgradeRule } from './change-rules.js';
import { bySharedWords, isReturn, isSame } from './details.js';
import { endRule, firstOneRule, negationRule } from './end-rules.js';
import { factOf } from './fact.js';
import type { Fact } from './fact.js';
import { isAdditive, isHedged, isLongPast, isOneOff } from './moods.js';
import { quantityRule, repeatsFigures } from './quantity-rules.js';
import { independent, refines } from './ruling.js';
import type { Rule, Ruling } from './ruling.js';
import { isOtherInstance, isOtherPerson, isReported } from './scope.js';
import { statusRule } from './status-rules.js';
import { dietRule, householdRule, legalRule, maritalRule, planRule } from './ladder-rules.js';
import { fulfilledRule, renewalRule } from './fulfil-rules.js';
import { ageRule, broaderRule, stateRule } from './state-rules.js';
import { slotRule } from './slot-rules.js';
import { scheduleRule, swapRule } from './swap-rules.js';
import { attributeRule, definiteRule, preferenceRule } from './value-rules.js';

const RULES: readonly Rule[] = [
  maritalRule,
  planRule,
  dietRule,
  legalRule,
  householdRule,
  attributeRule,
  slotRule,
  definiteRule,
  preferenceRule,
  switchRule,
  moveRule,
  endRule,
  fulfilledRule,
  firstOneRule,
  renewalRule,
  alteredRule,
  negationRule,
  statusRule,
  stateRule,
  ageRule,
  scheduleRule,
  quantityRule,
  upgradeRule,
  swapRule,
  broaderRule,
];

/** The surest supersession that a rule sees; else the first thing that any rule says. */
const firstRuling = (old: Fact, fresh: Fact): Ruling | null => {
  let best: Ruling | null = null;
  for (const rule of RULES) {
    const ruling = rule(old, fresh);
    if (!ruling) continue;
    const isSurer =
      ruling.verdict === 'supersedes' && (best?.verdict !== 'supersedes' || ruling.confidence > best.confidence);
    if (best === null || isSurer) best = ruling;
  }
  return best;
};

const areOfOthers = (old: Fact, fresh: Fact): boolean =>
  old.owner !== '' &&
  fresh.owner !== '' &&
  old.owner !== fresh.owner &&
  !fresh.lower.includes(old.owner) &&
  fresh.owner !== 'company';

/** What speaks against closing the old fact, whatever a rule saw; null if nothing does. */
const objection = (old: Fact, fresh: Fact, { confidence }: Ruling): Ruling | null => {
  if (isSame(old, fresh) || repeatsFigures(old, fresh)) return refines(0.85, 'Both facts say the same.');
  if (isReturn(old, fresh)) return refines(0.75, 'The new fact returns to what the old one states.');
  if (isHedged(fresh)) return refines(0.7, 'The new fact is only planned or possible, so the old one still holds.');
  if (isLongPast(fresh)) return independent(0.7, 'The new fact is about a time long gone.');
  if (isReported(fresh)) return independent(0.6, 'The new fact passes on what others ask or say.');
  if (isAdditive(fresh)) return independent(0.75, 'The new fact says that it stands beside the old one.');
  if (isOneOff(fresh) && confidence < 0.92) return independent(0.6, 'One occasion does not end a lasting state.');
  return null;
};

/** Facts filed under different topics are less likely about one thing; topics are guesses, so this tips only close cases. */
const byTopic = (ruling: Ruling, { old, new: fresh }: Pick<ClassifyInput, 'old' | 'new'>): Ruling =>
  old.topic !== fresh.topic && ruling.verdict === 'supersedes' && ruling.confidence < 0.95
    ? { ...ruling, confidence: ruling.confidence - 0.03 }
    : ruling;

/** Whether a new fact ends an old one. Sure only when a rule recognises what changed; in doubt both stay. */
export const classify = (input: Pick<ClassifyInput, 'old' | 'new'>): Ruling => {
  const old = factOf(input.old.text);
  const fresh = factOf(input.new.text);
  if (areOfOthers(old, fresh) || isOtherPerson(old, fresh) || isOtherInstance(old, fresh))
    return independent(0.9, 'The facts are about different persons or things.');
  const ruling = firstRuling(old, fresh) ?? bySharedWords(old, fresh);
  return ruling.verdict === 'supersedes' ? (objection(old, fresh, ruling) ?? byTopic(ruling, input)) : ruling;
};
