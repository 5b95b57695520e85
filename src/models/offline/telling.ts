import type { Antecedents } from './antecedents.js';
import { clausesOf } from './clauses.js';
import { withDroppedSubject } from './dropped.js';
import { statedPart, withoutLeads } from './leads.js';
import { textOf } from './nlp.js';
import type { Tagger, Token } from './nlp.js';
import { isAddressed, isHypothetical, isInstruction, isQuoted, isRequest, isSmallTalk } from './noise.js';
import { asOpinion } from './opinions.js';
import { writtenOut } from './plain.js';
import { resolved } from './pointers.js';
import { retold } from './retell.js';
import { introducedName } from './speaker.js';
import { subjectOf, withoutAddress } from './subjects.js';
import { isElaborating, isSupposed, isWorth } from './worth.js';

/** Longer sentences are pasted text or lists, not something a person says about themselves. */
const LONGEST = 400;

export interface Speaker {
  name: string;
  /** Given with the message: an introduction tells nothing new then. */
  isNamed: boolean;
  others: readonly string[];
}

/** What reading a sentence takes besides its text. */
export interface Reading {
  tag: Tagger;
  speaker: Speaker;
  antecedents: Antecedents;
  /** Long or in many lines: an article or a list, of which only "I" and "my" speak of the speaker. */
  isPasted: boolean;
  /** After "What are you up to?": a reply may leave out "I am". */
  isReply: boolean;
}

const tidy = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(
      /(?:,? (?:too|as well|though|here|haha+|lol|tbh|btw|for sure|right now|you know|anyway|so far))?[\s.!,;:…-]*$/i,
      '',
    )
    .trim();

/** What an introducing clause says besides the name: "I am Alice, a nurse" also tells the work. */
const identityFacts = (text: string, { name, isNamed }: Speaker): string[] | null => {
  const introduced = introducedName(text);
  if (introduced === null) return null;
  const rest = tidy(text.slice(text.indexOf(introduced) + introduced.length)).replace(/^(?:[,\s–—-]|and )+/, '');
  const isDescription = /^(?:an?|the) \p{L}+/iu.test(rest);
  return [...(isNamed ? [] : [`User's name is ${introduced}`]), ...(isDescription ? [`${name} is ${rest}`] : [])];
};

const isStatement = (text: string): boolean =>
  // Formulas and code are the matter of a conversation, not facts about the speaker.
  !/[\\{}<>`=]/.test(text) &&
  !isShowing(text) &&
  !isRequest(text) &&
  !isHypothetical(text) &&
  !isSmallTalk(text) &&
  !isAddressed(text);

/** "Here is a picture", "there is hope": shown to somebody who was there. */
const isShowing = (text: string): boolean =>
  /^(?:\w+,? )?(?:here|there) (?:is|are|was|were|has|have|will)\b/i.test(text) ||
  /\b(?:this|these|that|those) (?:\w+ )?(?:picture|pic|photo|photograph|shot|snap|image|video)s?\b/i.test(text);

/** "It is great to have friends": this "it" stands for nothing. */
const isExpletive = (clause: readonly Token[], at: number): boolean =>
  clause[at]?.lower === 'it' &&
  clause
    .slice(at + 1)
    .some((token, i) => token.pos === 'ADJ' && i < 5 && /^(?:to|that|how|when)$/.test(clause[at + i + 2]?.lower ?? ''));

/** Ends where something must follow: the tagger, or the writer, lost the rest. */
const isBroken = (clause: readonly Token[]): boolean =>
  /^(?:CCONJ|DET|SCONJ)$/.test(clause.at(-1)?.pos ?? '') || /^(?:i|we|my|our)$/.test(clause.at(-1)?.lower ?? '');

/** A statement, and whether it needs the one before it to be understood. */
export interface Statement {
  text: string;
  isTail: boolean;
}

const statementOf = (whole: readonly Token[], { speaker, antecedents, isPasted }: Reading): Statement | null => {
  const clause = asOpinion(withoutAddress(whole));
  const text = textOf(clause);
  if (isBroken(clause) || !isStatement(text)) return null;
  const subject = subjectOf(clause);
  if (subject.kind === 'you' || subject.kind === 'none' || isSupposed(clause, subject)) return null;
  if (isExpletive(clause, subject.at)) return null;
  if (isPasted && subject.kind !== 'self' && subject.kind !== 'mine') return null;
  const isDetail = subject.kind === 'thing' && isElaborating(clause, subject);
  if (!isDetail && !isWorth(clause, subject)) return null;
  const tokens = isDetail ? null : resolved(clause, antecedents);
  if (tokens === 'unclear') return null;
  const fact = tidy(textOf(retold(tokens ?? clause, speaker.name)));
  const isName = fact.startsWith(speaker.name) || clause[0]?.pos === 'PROPN';
  if (tokens === null) return { text: isName ? fact : fact.charAt(0).toLowerCase() + fact.slice(1), isTail: true };
  // "Just" is true on the day it is said and false for ever after.
  const lasting = fact.replace(/^(\S+(?: \S+)?) (?:have |has )?just (?=\p{Ll}+\b)/u, (_, start: string) => `${start} `);
  return { text: isName ? lasting : lasting.charAt(0).toUpperCase() + lasting.slice(1), isTail: false };
};

/** What a sentence states about its speaker or somebody named, in the third person. */
export const statementsOf = (sentence: string, reading: Reading): Statement[] => {
  if (sentence.length > LONGEST || isInstruction(sentence) || isQuoted(sentence)) return [];
  const text = statedPart(withoutLeads(writtenOut(sentence), reading.speaker.others));
  if (text === '') return [];
  const identity = identityFacts(text, reading.speaker);
  const tokens = reading.tag(text);
  const statements = (identity ?? []).map((fact): Statement => ({ text: fact, isTail: false }));
  for (const whole of clausesOf(reading.isPasted ? tokens : withDroppedSubject(tokens, reading.isReply))) {
    const isKnown = identity !== null && introducedName(textOf(whole)) !== null;
    const statement = isKnown ? null : statementOf(whole, reading);
    if (statement) statements.push(statement);
    reading.antecedents.note(whole, reading.speaker.name);
  }
  return statements;
};
