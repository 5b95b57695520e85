import { isNoun } from './grammar.js';
import { textOf } from './nlp.js';
import type { Token } from './nlp.js';

/** Somebody or something that was mentioned, and how a fact names it. */
interface Mention {
  text: string;
  gender: 'he' | 'she' | 'they' | 'it' | 'anyone';
  isPlural: boolean;
  /** Which clause it stood in, counted up. */
  clause: number;
}

const HE = /^(?:husband|boyfriend|brother|father|dad|son|uncle|grandfather|grandpa|nephew|grandson|stepdad|fiancé)$/;
const SHE =
  /^(?:wife|girlfriend|sister|mother|mom|mum|daughter|aunt|grandmother|grandma|niece|granddaughter|stepmom|fiancée)$/;
const ANYONE =
  /^(?:friend|partner|boss|cousin|colleague|coworker|roommate|neighbou?r|doctor|teacher|mentor|therapist|child|kid|baby|buddy|teammate|coach|dog|cat|puppy|kitten|pet|spouse|student|manager|landlord|trainer|instructor)$/;
const TIME =
  /^(?:day|week|month|year|morning|evening|night|weekend|time|hour|minute|summer|winter|while|bit|lot|way|kind|chance|thing|couple|few|idea|fan|hint|mix|blast|break|moment)s?$/;

/** Remembers who and what the last clauses named, so that "she" and "it" can be told who they are. */
export interface Antecedents {
  note(clause: readonly Token[], name: string): void;
  /** What a pronoun can stand for; it is plain where only one is left. */
  find(pronoun: string): string[];
}

const isHyphen = (token: Token | undefined): boolean => token?.text === '-' && token.gap === '';

const mentionAt = (tokens: readonly Token[], at: number, name: string): Omit<Mention, 'clause'> | null => {
  const first = tokens[at];
  if (!first || !/^(?:my|our|a|an|their)$/.test(first.lower)) return null;
  let end = at + 1;
  while (
    end < tokens.length &&
    (isNoun(tokens[end]) || tokens[end]?.pos === 'ADJ' || isHyphen(tokens[end])) &&
    end < at + 7
  )
    end += 1;
  let head = end - 1;
  while (head > at && !isNoun(tokens[head])) head -= 1;
  if (head === at) return null;
  const words = tokens.slice(at + 1, head + 1);
  const noun = words.findLast(({ pos }) => pos === 'NOUN') ?? words.at(-1);
  if (!noun || TIME.test(noun.lower)) return null;
  const proper = words.filter(({ pos, text }) => pos === 'PROPN' && /^\p{Lu}/u.test(text));
  const isPlural = noun.lower !== noun.lemma && noun.lower.endsWith('s');
  const phrase = textOf(words);
  const isOwn = first.lower === 'my' || first.lower === 'our';
  const stem = noun.lemma;
  const gender = HE.test(stem) ? 'he' : SHE.test(stem) ? 'she' : ANYONE.test(stem) ? 'anyone' : 'it';
  const isNamedPerson = gender !== 'it' && proper.length > 0 && words.at(-1)?.pos === 'PROPN';
  // Of things only the subject is what the next sentence goes on about.
  if (gender === 'it' && (!isOwn || at > 0)) return null;
  const text = isNamedPerson
    ? proper.map((one) => one.text).join(' ')
    : isOwn
      ? `${name}'s ${phrase}`
      : `the ${phrase}`;
  return { text, gender, isPlural };
};

export const createAntecedents = (): Antecedents => {
  let mentions: Mention[] = [];
  let clauses = 0;
  const textsOf = (some: readonly Mention[]): string[] => [...new Set(some.map(({ text }) => text))];
  return {
    note(clause, name) {
      clauses += 1;
      const found = clause.map((_, at) => mentionAt(clause, at, name)).filter((one) => one !== null);
      mentions = [
        ...mentions.filter((one) => one.clause > clauses - 5),
        ...found.map((one) => ({ ...one, clause: clauses })),
      ];
    },
    find(pronoun) {
      const isRecent = (one: Mention, clausesBack: number): boolean => one.clause > clauses - clausesBack;
      if (/^(?:he|him|his|she|her|hers)$/.test(pronoun)) {
        const gender = pronoun.startsWith('h') && !pronoun.startsWith('her') ? 'he' : 'she';
        return textsOf(
          mentions.filter(
            (one) => !one.isPlural && (one.gender === gender || one.gender === 'anyone') && isRecent(one, 4),
          ),
        );
      }
      if (pronoun === 'it' || pronoun === 'its')
        return textsOf(mentions.filter((one) => !one.isPlural && one.gender === 'it' && isRecent(one, 1)));
      if (pronoun === 'they' || pronoun === 'them' || pronoun === 'their')
        return textsOf(mentions.filter((one) => one.isPlural && isRecent(one, 1)));
      return [];
    },
  };
};
