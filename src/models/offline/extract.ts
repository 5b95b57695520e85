import type { ExtractInput, ExtractedFact, Message } from '../llm.js';
import { clausesOf } from './clauses.js';
import { dateIn } from './dates.js';
import { isAddressed, isHypothetical, isInstruction, isRequest, isSmallTalk, withoutLeads } from './noise.js';
import { recommendationsIn } from './recommendations.js';
import { sentencesOf } from './sentences.js';
import type { Sentence } from './sentences.js';
import { introducedName, speakerName } from './speaker.js';
import { isNamedStatement } from './statements.js';
import { toThirdPerson } from './third-person.js';
import { topicOf } from './topics.js';

/** Longer sentences are pasted text or lists, not something a person says about themselves. */
const LONGEST = 400;
const FIRST_PERSON = /\b(?:I|my|we|our)\b/i;
/** "In 2020 I moved": the subject may stand a few words in, but "the film that I saw" is about the film. */
const LEADING_PHRASE =
  /^(?:(?:in|on|at|since|last|for|as|during|after|before|every|when|while|back|until|this|these|right|yesterday|today|recently|currently|nowadays|now|because|from|with|two|three|a|once|most|then|later|next)\b[^,]{0,60},?\s+)?(?:I|my|we|our)\b/i;
const FUTURE =
  /\b(?:will|going to|plans?|planning|wants?|intends?|aims?|next|upcoming|tomorrow|deadline|due|birthday|scheduled|booked)\b/i;

interface Origin {
  messageIndex: number;
  sentence: Sentence;
}

const tidy = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\s.!,;:…]+$/, '')
    .replace(/\s*\p{Extended_Pictographic}[\p{Extended_Pictographic}\uFE0F\u200D\s]*$/u, '')
    .replace(/[\s.!,;:…]+$/, '')
    .trim();

const factOf = (text: string, origin: Origin, sessionDate: Date): ExtractedFact => ({
  text,
  ...topicOf(text),
  messageIndex: origin.messageIndex,
  span: { start: origin.sentence.start, end: origin.sentence.end },
  // A date of something still to come says when it happens, not since when the plan is known.
  validFrom: FUTURE.test(text) ? null : dateIn(text, sessionDate),
});

/** What an introducing clause says besides the name: "I am Alice, a nurse" also tells the work. */
const identityFacts = (clause: string, name: string): string[] | null => {
  const introduced = introducedName(clause);
  if (introduced === null) return null;
  const rest = tidy(clause.slice(clause.indexOf(introduced) + introduced.length)).replace(/^(?:[,\s–—-]|and )+/, '');
  const isDescription = /^(?:an?|the) \p{L}+/iu.test(rest);
  return isDescription ? [`User's name is ${introduced}`, `${name} is ${rest}`] : [`User's name is ${introduced}`];
};

const isWorthKeeping = (clause: string): boolean =>
  // Formulas and code are the matter of a conversation, not facts about the speaker.
  !/[\\{}<>`=]/.test(clause) &&
  !isRequest(clause) &&
  !isHypothetical(clause) &&
  !isSmallTalk(clause) &&
  !isAddressed(clause);

/** "User likes" says nothing, "User crochets" does; "visits her often" says nothing once its neighbours are gone. */
const isTelling = (fact: string): boolean => {
  const words = fact.split(' ');
  if (words.length < 3)
    return (
      words.length === 2 &&
      !/ (?:is|was|has|had|does|did|likes?|loves|wants|needs|knows|thinks|goes|gets|feels|agrees|reads|works)$/.test(
        fact,
      )
    );
  return (
    words.length > 6 ||
    !/ (?:it|this|that|them|him|her|those|these)(?: (?:all|so much|a lot|often|too|now|very much|again))?$/.test(fact)
  );
};

const factsOfClause = (clause: string, name: string): string[] => {
  const identity = identityFacts(clause, name);
  if (identity) return identity;
  if (!isWorthKeeping(clause)) return [];
  if (LEADING_PHRASE.test(clause)) {
    // "Just" is true on the day it is said and false for ever after.
    const fact = tidy(toThirdPerson(clause, name)).replace(
      /^(\S+(?: \S+)?) (?:have |has )?just (?=\p{Ll}+\b)/u,
      (_, subject: string) => `${subject} `,
    );
    return isTelling(fact) ? [fact] : [];
  }
  if (!isNamedStatement(clause)) return [];
  return [tidy(FIRST_PERSON.test(clause) ? toThirdPerson(clause, name) : clause)];
};

const factsOfSentence = (sentence: string, name: string): string[] => {
  if (sentence.length > LONGEST || isInstruction(sentence) || sentence.trimEnd().endsWith('?')) return [];
  return clausesOf(withoutLeads(sentence)).flatMap((clause) => factsOfClause(withoutLeads(clause), name));
};

const factsOfMessage = (message: Message, messageIndex: number, name: string, sessionDate: Date): ExtractedFact[] => {
  if (message.role === 'assistant')
    return recommendationsIn(message.content).map(({ name: thing, sentence }) => ({
      ...factOf(`Assistant recommended ${thing}`, { messageIndex, sentence }, sessionDate),
      topic: 'Recommendations',
      importance: 4,
      validFrom: null,
    }));
  if (message.role !== 'user') return [];
  return sentencesOf(message.content).flatMap((sentence) =>
    factsOfSentence(sentence.text, name).map((text) => factOf(text, { messageIndex, sentence }, sessionDate)),
  );
};

/** The atomic third-person facts that the messages state, in order, each with the sentence that supports it. */
export const extractFacts = ({ messages, sessionDate, known }: ExtractInput): ExtractedFact[] => {
  const name = speakerName(messages, known);
  const seen = new Set<string>();
  const facts = messages.flatMap((message, index) => factsOfMessage(message, index, name, sessionDate));
  return facts.filter(({ text }) => !seen.has(text) && seen.add(text));
};
