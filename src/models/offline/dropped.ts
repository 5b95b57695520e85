import { firstFinite, isBetween, isGerund, isPastForm, isSelf } from './grammar.js';
import type { Token } from './nlp.js';

/** How a progressive begins that has lost its "I am". */
const ONGOING =
  /^(?:going|working|looking|planning|trying|learning|getting|preparing|heading|waiting|studying|training|thinking|hoping|dealing|moving)$/;
const NOT_DROPPED = /^(?:sounds|looks|let|hope|thanks?|glad|put|set|cut|hit|bet|quit|spread)$/;

const withSubject = (tokens: readonly Token[], auxiliary?: 'am' | 'have'): Token[] => {
  const [first, ...rest] = tokens;
  if (!first) return [];
  const isName = first.pos === 'PROPN' && !isGerund(first) && !isPastForm(first);
  // At the front of a sentence taggers take any capital for a name.
  const verbPos = first.pos === 'ADV' ? first.pos : 'VERB';
  const subject: Token = { text: 'I', lower: 'i', pos: 'PRON', lemma: 'i', gap: '' };
  const verb: Token[] = auxiliary
    ? [{ text: auxiliary, lower: auxiliary, pos: 'AUX', lemma: auxiliary === 'am' ? 'be' : auxiliary, gap: ' ' }]
    : [];
  return [
    subject,
    ...verb,
    isName ? { ...first, gap: ' ' } : { ...first, text: first.text.toLowerCase(), pos: verbPos, gap: ' ' },
    ...rest,
  ];
};

/** "Painting helps me" has its subject; "Painting a lot lately" has lost it. */
const isProgressive = (tokens: readonly Token[], at: number, isReply: boolean): boolean => {
  const isFuture = tokens[at]?.lower === 'going' && tokens[at + 1]?.lower === 'to' && tokens[at + 2]?.pos === 'VERB';
  if (isFuture) return tokens[at + 2]?.lower !== 'be';
  const verb = firstFinite(tokens, at + 1);
  const between = tokens.slice(at + 1, Math.max(verb, at + 1));
  const isOpen = verb < 0 || between.some((token) => isSelf(token) || token.lower === 'that');
  const isOngoing =
    at > 0 ||
    (isReply && verb < 0 && (tokens[at]?.pos === 'VERB' || /^(?:DET|PRON)$/.test(tokens[at + 1]?.pos ?? ''))) ||
    ONGOING.test(tokens[at]?.lower ?? '');
  return isOpen && isOngoing && !isSelf(tokens[verb - 1]) && tokens[at + 2]?.lower !== 'be';
};

/**
 * In chats "I" is left out: "Just got back from Crete", "Still looking for a flat". After a question for news (`isReply`) that
 * goes for any deed: "Painting the shed".
 */
export const withDroppedSubject = (tokens: readonly Token[], isReply: boolean): Token[] => {
  let at = 0;
  while (isBetween(tokens[at])) at += 1;
  const [first, next] = [tokens[at], tokens[at + 1]];
  if (!first || !next || tokens.length - at < (isReply ? 2 : 3) || NOT_DROPPED.test(first.lower)) return [...tokens];
  if (isGerund(first)) return isProgressive(tokens, at, isReply) ? withSubject(tokens, 'am') : [...tokens];
  if (first.lower === 'ca' && tokens[at + 2]?.lower === 'wait') return withSubject(tokens);
  if (first.lower === 'been' && isGerund(next)) return withSubject(tokens, 'have');
  const hasObject = isGerund(next) || /^(?:DET|PRON|ADP|PART|NOUN|PROPN|NUM|ADV|ADJ)$/.test(next.pos);
  return first.pos === 'VERB' && isPastForm(first) && hasObject ? withSubject(tokens) : [...tokens];
};
