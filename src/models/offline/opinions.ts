import { isGerund, isNoun } from './grammar.js';
import type { Token } from './nlp.js';
import { isTelling } from './weight.js';

/** After "great to" these open a conversation; they are no opinion. */
const GREETING = /^(?:hear|meet|chat|talk|catch|say|think|reconnect)$/;
const BE = /^(?:is|was|are|were|feels|felt)$/;

/** "Great", and "calming" where it has no object: "reminding me" is a deed. */
const isPraise = (tokens: readonly Token[], at: number): boolean =>
  tokens[at]?.pos === 'ADJ' ||
  (isGerund(tokens[at]) && !isNoun(tokens[at]) && !/^(?:PRON|DET|NOUN|PROPN|ADJ|NUM)$/.test(tokens[at + 1]?.pos ?? ''));

/** Where the adjective stands that a verb at `verb` ascribes, adverbs skipped, or -1. */
const ascribed = (tokens: readonly Token[], verb: number): number => {
  let at = verb + 1;
  while (tokens[at]?.pos === 'ADV' || /^(?:been|be|such)$/.test(tokens[at]?.lower ?? '')) at += 1;
  return isPraise(tokens, at) ? at : -1;
};

/** "Has been", "can be". */
const isCompound = (token: Token, next: Token | undefined): boolean =>
  (token.lower === 'has' && next?.lower === 'been') || (token.lower === 'can' && next?.lower === 'be');

const word = (text: string, pos: Token['pos'], lemma = text): Token => ({
  text,
  lower: text.toLowerCase(),
  pos,
  lemma,
  gap: ' ',
});

const found = (verb: Token, rest: readonly Token[]): Token[] => {
  const [first, ...others] = rest;
  if (!first) return [];
  const isPast = /^(?:was|were|felt)$/.test(verb.lower);
  const lowered = first.pos === 'PROPN' && !isGerund(first) ? first : { ...first, text: first.text.toLowerCase() };
  return [
    { ...word('I', 'PRON', 'i'), gap: '' },
    word(isPast ? 'found' : 'find', 'VERB', 'find'),
    { ...lowered, gap: ' ' },
    ...others,
  ];
};

/** "Tough, but I did it" says more than how it was found. */
const untilComma = (tokens: readonly Token[]): Token[] => {
  const comma = tokens.findIndex(({ text }) => text === ',');
  return comma > 0 ? tokens.slice(0, comma) : [...tokens];
};

const isToMe = (tokens: readonly Token[], at: number): boolean =>
  /^(?:to|for)$/.test(tokens[at]?.lower ?? '') && /^(?:me|us)$/.test(tokens[at + 1]?.lower ?? '');

/** What holds for whoever says it: "It is calming to paint" and "Painting is calming" tell that the speaker finds it so. */
export const asOpinion = (clause: readonly Token[]): Token[] => {
  const tokens = clause[0]?.pos === 'ADV' ? clause.slice(1) : [...clause];
  const verb =
    tokens[0]?.lower === 'it'
      ? 1
      : tokens.findIndex(
          (token, at) => at > 0 && at < 16 && (BE.test(token.lower) || isCompound(token, tokens[at + 1])),
        );
  const verbToken = tokens[verb];
  if (verb < 1 || !verbToken || !(BE.test(verbToken.lower) || isCompound(verbToken, tokens[verb + 1])))
    return [...clause];
  const adjective = ascribed(tokens, verb);
  if (adjective < 0) return [...clause];
  const be = tokens.findIndex(({ lower }, at) => at > verb && /^(?:been|be)$/.test(lower));
  // "Important to me": it is the speaker who finds it so.
  const praise = tokens
    .slice(be > 0 && be < adjective ? be + 1 : verb + 1)
    .filter((_, at, all) => !isToMe(all, at) && !isToMe(all, at - 1));
  if (tokens[0]?.lower === 'it') {
    const to = tokens.findIndex(
      ({ lower }, at) => at > adjective && at <= adjective + 4 && /^(?:to|how|that)$/.test(lower),
    );
    const deed = tokens.slice(to + 1);
    const isWeighed = to > 0 && !GREETING.test(deed[0]?.lower ?? '') && deed.filter(isTelling).length >= 2;
    return isWeighed ? found(verbToken, [word('it', 'PRON'), ...praise]) : [...clause];
  }
  const subject = tokens.slice(0, verb);
  const isDeed =
    isGerund(tokens[0]) &&
    tokens[0]?.lower !== 'finding' &&
    !subject.some((token) => token.pos === 'PUNCT' || token.pos === 'AUX');
  return isDeed && subject.filter(isTelling).length >= 2
    ? found(verbToken, [...subject, ...untilComma(praise)])
    : [...clause];
};
