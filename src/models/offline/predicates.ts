import { isGerund, isModal, isPastForm, isPlainPresent, isSelf, verbAfter } from './grammar.js';
import type { Token } from './nlp.js';
import { isBaseVerb } from './verbs.js';

/** A shorter piece in front of "and" shares its object with what follows: "I bought and sold a car". */
const SHORTEST_PREDICATE = 2;

/** Words that refer to what the clause before names; apart from it nobody could tell what they mean. */
const REFERS = /^(?:it|its|them|they|he|she|him|her|his|their|this|that|these|those|there)$/;

/** "I live in Rome and work at Acme" tells two things of one subject; "I like to cook and bake" only one. */
export const predicatesOf = (clause: readonly Token[]): Token[][] => {
  const whole = [...clause];
  if (!isSelf(clause[0])) return [whole];
  const verb = verbAfter(clause, 1);
  const head = clause[verb];
  if (!head || isModal(head) || clause.slice(1, verb).some(({ lower }) => lower === 'no')) return [whole];
  const progressive = /^(?:am|are|was|were)$/.test(head.lower) ? verbAfter(clause, verb + 1) : -1;
  const isProgressive = progressive > 0 && isGerund(clause[progressive]);
  for (let at = verb + SHORTEST_PREDICATE; at < clause.length - 1; at += 1) {
    if (!/^(?:and|but)$/.test(clause[at]?.lower ?? '')) continue;
    const next = verbAfter(clause, at + 1);
    const between = clause.slice(verb + 1, at);
    const refers = clause.slice(next + 1).some((token) => token.pos === 'PRON' && REFERS.test(token.lower));
    if (next >= clause.length || refers || !isParallel(clause, { head: verb, next, isProgressive, between })) continue;
    const subject = isProgressive ? [...clause.slice(0, 1), ...clause.slice(verb, verb + 1)] : clause.slice(0, 1);
    const end = clause[at - 1]?.text === ',' ? at - 1 : at;
    const rest = clause.slice(at + 1).map((token, index) => (index === 0 ? { ...token, gap: ' ' } : token));
    return [clause.slice(0, end), ...predicatesOf([...subject, ...rest])];
  }
  return [whole];
};

interface Coordination {
  head: number;
  next: number;
  isProgressive: boolean;
  between: readonly Token[];
}

const isParallel = (clause: readonly Token[], { head, next, isProgressive, between }: Coordination): boolean => {
  const [first, second] = [clause[head], clause[next]];
  if (!second) return false;
  // Taggers take a verb after "and" for a noun; what follows tells: "and work for", "and play the".
  const isVerb =
    second.pos !== 'NOUN' || (isBaseVerb(second.lower) && /^(?:ADP|DET|PRON)$/.test(clause[next + 1]?.pos ?? ''));
  if (!isVerb) return false;
  if (isProgressive)
    return (
      isGerund(second) && second.pos === 'VERB' && between.length > 2 && !between.some(({ lower }) => lower === 'to')
    );
  // After "am" a past form is a state ("tired and bored"), after "that" or "who" it has another subject.
  if (first?.lemma === 'be' || between.some(({ lower }) => /^(?:who|that|which)$/.test(lower))) return false;
  if (isPastForm(first)) return isPastForm(second) && second.pos !== 'ADJ' && between.length >= SHORTEST_PREDICATE;
  const isOpen = between.some(
    (token) => token.lower === 'to' || isModal(token) || token.lower === "n't" || isGerund(token),
  );
  return isPlainPresent(first) && isPlainPresent(second) && !isOpen && clause.length - next > 1;
};
