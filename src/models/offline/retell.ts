import { isGerund, isModal, isPlainPresent, isSelf, verbAfter } from './grammar.js';
import type { Token } from './nlp.js';
import { isBaseVerb, isPast, thirdPerson } from './verbs.js';

const REPEATED: Readonly<Record<string, string>> = {
  i: 'they',
  we: 'they',
  me: 'them',
  us: 'them',
  my: 'their',
  our: 'their',
  mine: 'theirs',
  ours: 'theirs',
  myself: 'themselves',
  ourselves: 'themselves',
};
const OWNER = new Set(['my', 'our', 'mine', 'ours']);
/** What the verb becomes when its subject turns from "I" into "they". */
const PLURAL: Readonly<Record<string, string>> = { am: 'are', was: 'were' };

const HABIT = /^(?:every|often|usually|always|daily|mostly|sometimes|never|lot|rarely)$/;

const inThirdPerson = (token: Token, tokens: readonly Token[]): string => {
  // "I read it" is told of the past, unless it says how often.
  if (token.lower === 'read' && !tokens.some(({ lower }) => HABIT.test(lower))) return token.text;
  if (/^(?:am|are|is)$/.test(token.lower)) return 'is';
  if (token.lower === 'were') return 'was';
  if (isModal(token) || isPast(token.lower) || (token.lemma !== token.lower && !isBaseVerb(token.lower)))
    return token.text;
  return thirdPerson(token.lower);
};

const replaced = (tokens: readonly Token[], at: number, text: string): Token[] =>
  tokens.map((token, index) => (index === at ? { ...token, text, lower: text.toLowerCase() } : token));

/** "loves tea and play chess": further verbs of the same subject agree too, unless "to" or a modal governs them. */
const agreeing = (tokens: readonly Token[], verb: number, isPresent: boolean): Token[] => {
  if (!isPresent) return [...tokens];
  let isOpen = true;
  return tokens.map((token, at) => {
    if (at <= verb) return token;
    if (
      token.lower === 'to' ||
      isModal(token) ||
      isGerund(token) ||
      /^(?:who|that|which|when|because|if|n't|it|they|you|he|she|i|we)$/.test(token.lower)
    )
      isOpen = false;
    const follows = at > verb + 1 && verbAfter(tokens, joint(tokens, at) + 1) === at && joint(tokens, at) > verb;
    return isOpen && follows && token.pos === 'VERB' && isPlainPresent(token)
      ? { ...token, text: thirdPerson(token.lower) }
      : token;
  });
};

/** The last "and", "but" or "or" before a token, with nothing but adverbs between them. */
const joint = (tokens: readonly Token[], at: number): number => {
  for (let index = at - 1; index >= Math.max(0, at - 3); index -= 1) {
    if (/^(?:and|but|or)$/.test(tokens[index]?.lower ?? '')) return index;
  }
  return -2;
};

/** Puts the name for the first mention of the speaker, and makes the verb agree where that is its subject. */
const named = (tokens: readonly Token[], first: number, name: string): Token[] => {
  const token = tokens[first];
  if (!token) return [...tokens];
  if (OWNER.has(token.lower)) return replaced(tokens, first, `${name}'s`);
  if (!isSelf(token)) return replaced(tokens, first, token.lower.endsWith('self') ? 'themselves' : name);
  const subjectVerb = verbAfter(tokens, first + 1);
  // "I color-code": the ending goes to the last part.
  const isCompound =
    tokens[subjectVerb + 1]?.text === '-' && tokens[subjectVerb + 1]?.gap === '' && tokens[subjectVerb + 2]?.gap === '';
  const verb = isCompound ? subjectVerb + 2 : subjectVerb;
  const verbToken = tokens[verb];
  if (!verbToken || verbToken.pos === 'PUNCT') return replaced(tokens, first, name);
  const text = inThirdPerson(verbToken, tokens);
  const isPresent =
    text !== verbToken.text && verbToken.lemma !== 'be' && !isModal(verbToken) && verbToken.lemma !== 'do';
  return agreeing(replaced(replaced(tokens, first, name), verb, text), verb, isPresent && verbToken.pos !== 'AUX');
};

/** "My wife and I moved" is told of both, after "last May" too. */
const couple = (tokens: readonly Token[], name: string): { tokens: Token[]; first: number } | null => {
  const self = tokens.slice(0, 9).findIndex((token, at) => at > 1 && isSelf(token) && tokens[at - 1]?.lower === 'and');
  if (self < 0) return null;
  const owner = tokens.slice(0, self).findLastIndex(({ lower }) => /^(?:my|our)$/.test(lower));
  const head = tokens[owner];
  if (!head) return tokens[self - 2]?.pos === 'PROPN' ? { tokens: replaced(tokens, self, name), first: self } : null;
  const word = (text: string, gap = ' '): Token => ({ ...head, text, lower: text, gap, pos: 'PRON' });
  const verb = tokens[self + 1]?.lower;
  const rest = verb !== undefined && verb in PLURAL ? replaced(tokens, self + 1, PLURAL[verb] ?? verb) : tokens;
  const both = [word(name, head.gap), word('and'), word('their'), ...rest.slice(owner + 1, self - 1)];
  return { tokens: [...rest.slice(0, owner), ...both, ...rest.slice(self + 1)], first: owner };
};

/**
 * Rewrites a first-person clause about `name`. The first mention gives the name, later ones "they" or "their":
 * repeating the name would read like a second person of the same name.
 */
export const retold = (clause: readonly Token[], name: string): Token[] => {
  const pair = couple(clause, name);
  const quoted = quotedIn(clause);
  const first = pair ? pair.first : clause.findIndex(({ lower }, at) => lower in REPEATED && !quoted[at]);
  if (first < 0) return [...clause];
  const result = pair ? pair.tokens : named(clause, first, name);
  return result.map((token, at) => {
    // Before a couple, "when I was small, my brother and I", the speaker may be mentioned already.
    if (at === first || (pair === null && quoted[at])) return token;
    const before = result[verbBefore(result, at)];
    if (token.lower in PLURAL && isSelf(before)) return { ...token, text: PLURAL[token.lower] ?? token.text };
    return token.lower in REPEATED ? { ...token, text: REPEATED[token.lower] ?? token.text } : token;
  });
};

/** Which tokens stand in quotes: a title such as "My Way" stays as it is. */
const quotedIn = (clause: readonly Token[]): boolean[] => {
  let isOpen = false;
  return clause.map(({ text }) => {
    if (text === '"') isOpen = !isOpen;
    return isOpen;
  });
};

const verbBefore = (tokens: readonly Token[], at: number): number => {
  let index = at - 1;
  while (index > 0 && tokens[index]?.pos === 'ADV') index -= 1;
  return index;
};
