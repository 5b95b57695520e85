import { contentStems, stem, wordsOf } from './words.js';
import { toThirdPerson } from './third-person.js';
import { isAdverb, isPast, isThirdPersonVerb } from './verbs.js';

/** A fact taken apart: whose it is, what of theirs, and what is said about it. */
export interface Fact {
  /** Third person, no final stop. */
  text: string;
  lower: string;
  /** 'user', a lower-case name such as "customer acme", or '' for a thing that is not named. */
  owner: string;
  /** "primary email" of "User's primary email is ...", else ''. */
  possession: string;
  /** From the verb on, in the original case, without "now", "just", "also" and the like. */
  predicate: string;
  /** Stems of all that carries meaning, the owner left out. */
  stems: readonly string[];
}

const USER = /^(?:the )?users?(?:['’]s)?$/i;
const LEAD =
  /^(?:update|note|correction|fyi|recently|currently|now|as of [^,]{1,30}|after [^,]{1,60}|since [^,]{1,40}|in \d{4}|last \w+)[,:]\s+/i;
const FILLER =
  /\b(?:now|currently|recently|just|also|already|actually|officially|finally|still|entirely|completely|fully|has since|successfully|steadily)\s+/gi;

const CLEFT =
  /^the (?:[\p{L}\d]+ ){0,3}?(?:team|club|company|firm|city|school|university) (\p{Lu}.+?) (?:(?:currently|now) )?((?:plays|drives|works|races) (?:for|at)|lives in|studies at) is (.+)$/iu;

/** "User" is followed by the verb, whatever verb it is. */
const verbAfterUser = (words: readonly string[]): number => {
  if (!/^users?$/i.test(words[0] ?? '') || /^(?:and|&|or)$/.test(words[1] ?? '')) return -1;
  const at = words.findIndex((word, index) => index > 0 && !isAdverb(word) && word !== 'no' && word !== 'longer');
  return words[at] === undefined ? -1 : at;
};

/** After a possessor a word in "-s" before a preposition or a value is a verb, though no list knows it. */
const unknownVerb = (words: readonly string[]): number => {
  const isPossessive = words.slice(0, 3).some((word) => /['’]s$/.test(word));
  const next = isPossessive ? /^(?:in|on|at|to|for|with|from|by|the|an?|as|about|like|\d.*)$/ : /^(?:the|an?|\d.*)$/;
  return words.findIndex(
    (word, index) =>
      index > (isPossessive ? 1 : 0) && /^[a-z]+[^sui]s$/.test(word) && next.test(words[index + 1] ?? ''),
  );
};

const IRREGULAR =
  /^(?:shrank|sank|drank|rang|stole|swore|tore|bent|dug|fed|fought|froze|hung|laid|meant|shot|stuck|struck|swung|withdrew|overtook|rewrote|won|fell|rose)$/;

const knownVerb = (words: readonly string[]): number =>
  words.findIndex(
    (word, index) =>
      index > 0 &&
      (isThirdPersonVerb(word.toLowerCase().replaceAll('’', "'")) || IRREGULAR.test(word)) &&
      !/['’]s$/.test(words[index - 1] ?? ''),
  );

/** "president of Germany" and "Germany's president" are one possession of one owner. */
const ownerOf = (subject: string): { owner: string; possession: string } => {
  const plain = subject
    .replace(/^(?:the|a|an) /i, '')
    .replace(/\b(?:name|position) of the (?=.+ of )/i, '')
    .replace(/^current /i, '');
  const possessive = /^(.+?)['’]s? (.+)$/.exec(plain);
  if (possessive)
    return {
      owner: USER.test(possessive[1] ?? '') ? 'user' : (possessive[1] ?? '').toLowerCase(),
      possession: (possessive[2] ?? '').toLowerCase(),
    };
  if (USER.test(plain)) return { owner: 'user', possession: '' };
  if (/^user (?:and|&)\b/i.test(plain)) return { owner: 'user', possession: '' };
  const of = /^([\p{Ll}][\p{Ll} -]*|\p{Lu}[\p{L} ]*?) (?:of|in) (?:the )?(\p{Lu}.*)$/u.exec(plain);
  if (of) return { owner: (of[2] ?? '').toLowerCase(), possession: (of[1] ?? '').toLowerCase() };
  // "Typing speed" is no name, "Ticket 51" and "Customer Acme" are.
  const isNamed = /^\p{Lu}\S*(?:$|.* [\p{Lu}\d#])/u.test(subject) && !/^(?:the|a|an) /i.test(subject);
  return isNamed ? { owner: plain.toLowerCase(), possession: '' } : { owner: '', possession: plain.toLowerCase() };
};

/** "Added a section to my portfolio" says what the user did, though no "I" stands there. */
const isNoteForm = (first: string): boolean =>
  /^\p{Lu}\p{Ll}+$/u.test(first) &&
  (isPast(first.toLowerCase()) || /^(?:set|met|need|planning|plan|scheduling|updating|allocated)$/i.test(first));

const split = (text: string): { subject: string; predicate: string } => {
  const words = text.split(' ');
  if (isNoteForm(words[0] ?? ''))
    return { subject: 'User', predicate: `${(words[0] ?? '').toLowerCase()} ${words.slice(1).join(' ')}` };
  const start = words.slice(0, 14);
  const at = [verbAfterUser, knownVerb, unknownVerb].map((find) => find(start)).find((found) => found >= 0) ?? -1;
  if (at < 0) return { subject: words[0] ?? '', predicate: words.slice(1).join(' ') };
  let from = at;
  // "Italy" ends like an adverb and is none.
  while (from > 1 && (isAdverb(words[from - 1] ?? '') || /^(?:no|longer)$/.test(words[from - 1] ?? ''))) from -= 1;
  return { subject: words.slice(0, from).join(' '), predicate: words.slice(from).join(' ') };
};

/** Takes a fact apart. Never fails: what it cannot read has no owner. */
export const factOf = (raw: string): Fact => {
  const cleaned = raw
    .slice(0, 600)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\s.!]+$/, '')
    .replace(LEAD, '')
    // "The team X plays for is Y" says that X plays for Y.
    .replace(CLEFT, '$1 $2 $3');
  const text =
    /\b(?:I|my|we|our|I['’]\w+)\b/.test(cleaned) || /^(?:My|We|Our)\b/.test(cleaned)
      ? toThirdPerson(cleaned, 'User')
      : cleaned;
  const { subject, predicate } = split(text);
  const { owner, possession } = ownerOf(subject);
  const ownWords = new Set(owner === 'user' ? [] : wordsOf(owner).map(stem));
  const stems = contentStems(text).filter((word) => !ownWords.has(word));
  return {
    text,
    lower: text.toLowerCase().replaceAll('’', "'"),
    owner,
    possession,
    predicate: predicate.replace(FILLER, '').trim(),
    stems,
  };
};
