import type { AnswerInput } from '../llm.js';
import { classify } from './classify.js';
import { evidenceFor } from './evidence.js';
import type { Evidence } from './evidence.js';
import { isNegated } from './moods.js';
import { questionOf } from './question.js';
import type { Question } from './question.js';
import { contentStems, coverage } from './words.js';

const UNKNOWN = "I don't know.";
const MOST_CITED = 3;
/** Below this share of the question's words a memory is near the subject but no answer. */
const ENOUGH = 0.6;
const GATE = 0.85;

/** A stored "[mem-9]" must not read as a citation: the caller links markers to memories. */
const quoted = (text: string): string => text.replace(/\[(\s*mem\b[^[\]]*)\]/gi, '($1)').replace(/\[(?=\s*mem)/gi, '(');

const isNewer = (one: Evidence, other: Evidence): boolean => one.validFrom.getTime() > other.validFrom.getTime();

/** Leaves out what a newer piece of evidence contradicts. */
const current = (evidence: readonly Evidence[]): Evidence[] =>
  evidence.filter((old) => {
    const dated = (one: Evidence) => ({ text: one.fact.text, topic: '', validFrom: one.validFrom });
    return !evidence.some((fresh) => {
      if (!isNewer(fresh, old)) return false;
      if (old.value !== null && fresh.value !== null) return true;
      const { verdict, confidence } = classify({ old: dated(old), new: dated(fresh) });
      return verdict === 'supersedes' && confidence >= GATE;
    });
  });

const VERBS: Readonly<Record<string, readonly [string, string]>> = {
  employer: ['works at', 'work at'],
  residence: ['lives in', 'live in'],
};

/** The name as the question or the memory writes it; none for a thing. */
const nameOf = ({ fact: { owner, text } }: Evidence, { name }: Question): string => {
  if (name !== '') return name;
  return owner === 'user' ? 'User' : text.toLowerCase().startsWith(owner) ? text.slice(0, owner.length) : '';
};

const sentenceFor = (evidence: Evidence, question: Question): string => {
  const verbs = question.attribute === null ? undefined : VERBS[question.attribute];
  if (verbs && evidence.value !== null && question.asked !== 'when' && question.asked !== 'howMany') {
    if (question.isFirstPerson) return `You ${verbs[1]} ${evidence.value}`;
    const name = nameOf(evidence, question);
    if (name !== '') return `${name} ${verbs[0]} ${evidence.value}`;
  }
  if (
    question.asked !== 'when' ||
    /\d|\b(?:yesterday|last|ago|january|february|march|april|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b/.test(
      evidence.fact.lower,
    )
  )
    return evidence.fact.text;
  return `${evidence.fact.text} (valid from ${evidence.validFrom.toISOString().slice(0, 10)})`;
};

const cited = (evidence: Evidence, question: Question): string =>
  `${quoted(sentenceFor(evidence, question))} [mem-${String(evidence.number)}].`;

/** "Does Alice work at Acme?" is a no once she works elsewhere. */
const yesOrNo = (evidence: readonly Evidence[], question: Question): string | null => {
  const valued = evidence.find(({ value }) => value !== null);
  if (valued && question.attribute !== null) {
    const asked = question.stems.filter((word) => !/^(?:work|live|job|resid|base)$/.test(word));
    const isSame = asked.length === 0 || coverage(contentStems(valued.value ?? ''), question.stems) > 0;
    return `${isSame ? 'Yes' : 'No'}: ${cited(valued, question)}`;
  }
  const best = evidence.find(({ score }) => score >= 0.75);
  return best ? `${isNegated(best.fact) ? 'No' : 'Yes'}: ${cited(best, question)}` : null;
};

const supported = (evidence: readonly Evidence[]): Evidence[] => {
  const valued = evidence.filter(({ value }) => value !== null);
  if (valued.length > 0) return valued.slice(0, 1);
  const best = Math.max(0, ...evidence.map(({ score }) => score));
  return best < ENOUGH
    ? []
    : evidence.filter(({ score }) => score >= ENOUGH && score >= best - 0.05).slice(0, MOST_CITED);
};

/** Answers with sentences of the memories, each cited; says so when none supports an answer. */
export const answerFrom = ({
  question: raw,
  memories,
}: Pick<AnswerInput, 'question' | 'memories'>): { text: string; isAnswered: boolean } => {
  const question = questionOf(raw);
  const evidence = current(evidenceFor(question, memories)).sort(
    (a, b) => b.score - a.score || b.validFrom.getTime() - a.validFrom.getTime(),
  );
  if (question.asked === 'yesNo') {
    const reply = yesOrNo(evidence, question);
    return reply === null ? { text: UNKNOWN, isAnswered: false } : { text: reply, isAnswered: true };
  }
  const chosen = supported(evidence);
  if (chosen.length === 0) return { text: UNKNOWN, isAnswered: false };
  return { text: chosen.map((one) => cited(one, question)).join(' '), isAnswered: true };
};
