import type { DatedText } from '../llm.js';
import { factOf } from './fact.js';
import type { Fact } from './fact.js';
import { isInstruction } from './noise.js';
import { quantitiesIn } from './quantities.js';
import type { Question } from './question.js';
import { sentencesOf } from './sentences.js';
import { attributeOf, slotsOf } from './slots.js';
import { attributeIn } from './attributes.js';
import { kinship } from './synonyms.js';

/** A sentence of a memory that may support an answer. */
export interface Evidence {
  /** Number of the memory, from 1. */
  number: number;
  fact: Fact;
  validFrom: Date;
  /** 0 to 1: how much of the question it speaks to. */
  score: number;
  /** Value of the attribute that the question wants, where the sentence gives it. */
  value: string | null;
}

const MOST_SENTENCES = 60;

/** Lower-case names that mean the user, read from memories like "User's name is Alice". */
export const aliasesOf = (memories: readonly DatedText[]): ReadonlySet<string> => {
  const aliases = new Set(['user']);
  for (const { text } of memories) {
    const name =
      /^(?:(?:the )?user(?:['’]s)?|my)(?: full| first)? name is (\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*)/iu.exec(
        text.slice(0, 200),
      )?.[1];
    if (name === undefined) continue;
    aliases.add(name.toLowerCase());
    aliases.add(name.toLowerCase().split(' ')[0] ?? '');
  }
  return aliases;
};

const isAbout = (fact: Fact, { subject }: Question, aliases: ReadonlySet<string>): boolean => {
  if (subject === '') return true;
  const isUser = aliases.has(subject);
  if (aliases.has(fact.owner)) return isUser || fact.lower.includes(subject);
  return (
    fact.owner === subject ||
    new RegExp(`(?<![\\p{L}\\p{N}])${subject.replace(/[^\p{L}\p{N} ]/gu, '.')}(?![\\p{L}\\p{N}])`, 'u').test(
      fact.lower,
    ) ||
    (isUser && fact.owner === '')
  );
};

const wantedValue = (fact: Fact, { attribute }: Question): string | null => {
  if (attribute === null) return null;
  const slot = slotsOf(fact).find((one) => attributeOf(one) === attribute);
  // The user's employer is not the user's sister's employer.
  return slot && (slot.key.split('|')[1] === '' || attribute === 'called') ? slot.value : null;
};

/** Whether the sentence can hold the kind of answer asked for: "how many" needs a number. */
const canAnswer = (fact: Fact, { asked }: Question): boolean => {
  if (asked === 'howMany') return quantitiesIn(fact.text).length > 0 || /\d/.test(fact.text);
  if (asked === 'where')
    return /\b(?:in|at|to|from|on|near|into|around|through)\s+(?:the |a |an |his |her |their )?\p{L}/u.test(fact.text);
  if (asked === 'who') return /(?<!^)\b\p{Lu}\p{L}+/u.test(fact.text) || fact.owner !== 'user';
  if (asked === 'why') return /\b(?:because|since|so that|due to|in order|to|as|for)\b/.test(fact.lower);
  return true;
};

/** Verbs that join with anything: sharing them does not make up for a class that the memory does not name. */
const VAGUE = new Set([
  'like',
  'love',
  'enjoi',
  'prefer',
  'have',
  'own',
  'us',
  'want',
  'need',
  'go',
  'get',
  'mak',
  'do',
  'buy',
  'tak',
  'favorit',
  'see',
]);

/**
 * Share of the question's words that the fact speaks to. In "which instrument does she play" the class word counts
 * half, because memories say "cello" and not "instrument".
 */
const scoreOf = (fact: Fact, { stems, subject, classWord }: Question): number => {
  // "Who is Maria?" asks for whatever is known of her.
  if (stems.length === 0) return subject === '' ? 0 : 1;
  const own = new Set(fact.stems);
  const isClassKnown = stems.some((word) => word !== classWord && !VAGUE.has(word));
  const weighed = stems.map((word) => ({
    kin: kinship(word, own),
    weight: word === classWord && isClassKnown ? 0.5 : 1,
  }));
  return (
    weighed.reduce((sum, { kin, weight }) => sum + kin * weight, 0) /
    weighed.reduce((sum, { weight }) => sum + weight, 0)
  );
};

const evidenceOf = (
  text: string,
  question: Question,
  aliases: ReadonlySet<string>,
): Omit<Evidence, 'number' | 'validFrom'> | null => {
  const fact = factOf(text);
  if (isInstruction(text) || !isAbout(fact, question, aliases)) return null;
  const value =
    wantedValue(fact, question) ??
    (attributeIn(fact) && scoreOf(fact, question) === 1 ? (attributeIn(fact)?.value ?? null) : null);
  if (value === null && !canAnswer(fact, question)) return null;
  return { fact, value, score: value === null ? scoreOf(fact, question) : 1 };
};

/** The best sentence of each memory for a question; memories that say nothing to it are left out. */
export const evidenceFor = (question: Question, memories: readonly DatedText[]): Evidence[] => {
  const aliases = aliasesOf(memories);
  return memories.flatMap(({ text, validFrom }, index) => {
    const found = sentencesOf(text.slice(0, 20_000))
      .slice(0, MOST_SENTENCES)
      .map((sentence) => evidenceOf(sentence.text, question, aliases))
      .filter((one) => one !== null)
      .sort((a, b) => b.score - a.score)[0];
    return found && found.score > 0 ? [{ ...found, number: index + 1, validFrom }] : [];
  });
};
