import type { Antecedents } from './antecedents.js';
import { firstFinite, isNoun, isSelf } from './grammar.js';
import type { Token } from './nlp.js';

/**
 * Whether a noun stands before that a pronoun can mean. Only a verb or a conjunction between makes that so: in "tags for them"
 * the tags are not "them". An owner may follow at once: "kids and their dogs".
 */
const isKnown = (tokens: readonly Token[], at: number, isLoose: boolean): boolean => {
  // What a leading phrase names, "at the party I ate it", is seldom meant.
  const from = tokens.findIndex((token) => isSelf(token));
  const start = from < at ? Math.max(0, from) : 0;
  const nouns = tokens.flatMap((token, index) => (index < at && index >= start && isNoun(token) ? [index] : []));
  const isSplit = (noun: number): boolean =>
    tokens
      .slice(noun + 1, at)
      .some(
        (token, index) => /^(?:VERB|AUX|SCONJ)$/.test(token.pos) || (token.lower === 'and' && index === at - noun - 2),
      );
  // A thing is the last that was named, people may be any: "shoes and a pair of them".
  const named = tokens[at]?.lower === 'it' ? nouns.slice(-1) : nouns;
  return named.length > 0 && (isLoose || named.some(isSplit));
};

const TIME =
  /^(?:morning|afternoon|evening|night|week|weekend|month|year|time|summer|winter|spring|fall|autumn|day|point|way|kind|sort|moment|season)s?$/;

/** "This app", "that book": a thing that was shown or named before, unless what it is follows at once. */
const isShownThing = (tokens: readonly Token[], at: number): boolean => {
  const [word, noun] = [tokens[at], tokens[at + 1]];
  if (word?.pos !== 'DET') return false;
  // "I painted this last week": taggers take the pronoun for the article of the week.
  if (/^(?:last|next|yesterday|today)$/.test(noun?.lower ?? '')) return at > 0;
  // "This lovely man" is how people introduce somebody; "that lovely man" was introduced.
  const isThat = /^th(?:at|ose)$/.test(word.lower);
  if (isThat && noun?.pos === 'ADJ' && isNoun(tokens[at + 2])) return at > 0;
  if (!isNoun(noun) || noun?.pos === 'PROPN' || TIME.test(noun?.lower ?? '')) return false;
  let end = at + 1;
  while (isNoun(tokens[end])) end += 1;
  const after = tokens[end];
  const isExplained = after !== undefined && /^(?:of|called|named|that|which|who|where|about|from)$/.test(after.lower);
  return !isExplained && !isSelf(after);
};

/** "Makes it easier", "worth it", "made it to the top": idioms in which "it" is nothing. */
const isIdiom = (tokens: readonly Token[], at: number): boolean => {
  const [before, next, after] = [tokens[at - 1]?.lower ?? '', tokens[at + 1], tokens[at + 2]];
  if (before === 'worth' || next?.pos === 'ADJ') return true;
  return /^ma[dk]/.test(before) && /^(?:to|through|past|back|home)$/.test(next?.lower ?? '') && after?.pos !== 'VERB';
};

/** "I share that with others", "I take that duty seriously", whatever the tagger takes "that" for. */
const isObject = (tokens: readonly Token[], at: number): boolean => {
  const next = tokens[at + 1];
  if (tokens[at - 1]?.pos !== 'VERB') return false;
  if (!next || /^(?:PUNCT|CCONJ|ADP)$/.test(next.pos)) return true;
  return isNoun(next) && !TIME.test(next.lower) && firstFinite(tokens, at + 1) < 0;
};

/** "I made this", "I got these for her". */
const isBareObject = (tokens: readonly Token[], at: number): boolean =>
  tokens[at - 1]?.pos === 'VERB' && /^(?:PUNCT|CCONJ|ADP|SCONJ)$/.test(tokens[at + 1]?.pos ?? 'PUNCT');

const POINTS: Readonly<Record<string, (tokens: readonly Token[], at: number) => boolean>> = {
  // "My town deserves it": the object is not the subject.
  it: (tokens, at) => (!isKnown(tokens, at, false) || firstFinite(tokens, 0) === at - 1) && !isIdiom(tokens, at),
  this: (tokens, at) => !isKnown(tokens, at, false),
  // Else it begins a clause: "a song that I like".
  that: (tokens, at) => at === 0 || !tokens[at + 1] || /^(?:PUNCT|CCONJ|ADP)$/.test(tokens[at + 1]?.pos ?? ''),
  these: (tokens, at) => !isKnown(tokens, at, false),
  those: (tokens, at) => !/^(?:who|in|around|of|with|that)$/.test(tokens[at + 1]?.lower ?? ''),
  one: (tokens, at) => tokens[at + 1]?.lower !== 'of' && !isKnown(tokens, at, false),
  ones: (tokens, at) => tokens[at - 1]?.lower !== 'loved' && !isKnown(tokens, at, false),
  his: (tokens, at) => !isKnown(tokens, at, true),
  its: (tokens, at) => !isKnown(tokens, at, true),
  their: (tokens, at) => !isKnown(tokens, at, true),
};

/** Where a clause points at something outside of it, or -1. */
const pointerIn = (tokens: readonly Token[]): number =>
  tokens.findIndex((token, at) => {
    if (/^(?:this|that|these|those)$/.test(token.lower) && isShownThing(tokens, at)) return true;
    if (token.lower === 'that' && isObject(tokens, at)) return true;
    if (/^(?:this|these|those)$/.test(token.lower) && isBareObject(tokens, at)) return true;
    if (
      token.lower === 'one' &&
      /^(?:been|be|each|that|this)$/.test(tokens[at - 1]?.lower ?? '') &&
      !isNoun(tokens[at + 1])
    )
      return true;
    if (token.pos === 'PRON' && /^(?:it|this|that|these|those|one|ones|his|its|their)$/.test(token.lower))
      return POINTS[token.lower]?.(tokens, at) ?? false;
    if (token.pos === 'PRON' && /^(?:them|him|her|he|she|they|theirs|hers)$/.test(token.lower))
      return !isKnown(tokens, at, token.lower === 'her' && isNoun(tokens[at + 1]));
    const isPlace = token.lower === 'here' || (token.lower === 'there' && tokens[at + 1]?.lemma !== 'be');
    return isPlace && at > 0 && !tokens.slice(0, at).some(({ pos }) => pos === 'PROPN');
  });

const isOwner = (tokens: readonly Token[], at: number): boolean =>
  /^(?:his|its|their)$/.test(tokens[at]?.lower ?? '') || (tokens[at]?.lower === 'her' && isNoun(tokens[at + 1]));

const MADE = /^(?:make|paint|write|build|bake|find|buy|create|draw|design|knit|sew|join|start|adopt|discover)$/;

/** "I made this bowl": new to whoever hears of it, so "a bowl" says the same. */
const isIntroduced = (tokens: readonly Token[], at: number): boolean =>
  tokens[at]?.pos === 'DET' && isNoun(tokens[at + 1]) && MADE.test(tokens[at - 1]?.lemma ?? '');

const introduced = (tokens: readonly Token[], at: number): Token[] => {
  const isMany = /^(?:these|those)$/.test(tokens[at]?.lower ?? '');
  const article = isMany ? 'some' : /^[aeiou]/.test(tokens[at + 1]?.lower ?? '') ? 'an' : 'a';
  return tokens.map((token, index) => (index === at ? { ...token, text: article, lower: article } : token));
};

/**
 * The clause with its first pronoun told; null where nothing is known that it can mean, so that the clause needs what was said
 * before it; 'unclear' where several are.
 */
export const resolved = (clause: readonly Token[], antecedents: Antecedents): Token[] | null | 'unclear' => {
  const at = pointerIn(clause);
  const token = clause[at];
  if (!token) return [...clause];
  if (isIntroduced(clause, at)) return introduced(clause, at);
  const [found, ...others] = token.pos === 'PRON' ? antecedents.find(token.lower) : [];
  if (found === undefined) return null;
  if (others.length > 0) return 'unclear';
  const text = isOwner(clause, at) ? `${found}'s` : found;
  const name: Token = { ...token, text, lower: text.toLowerCase(), pos: 'PROPN' };
  // What follows refers to the same: "Her boss told her".
  return clause.map((one, index) => (index === at ? name : one));
};
