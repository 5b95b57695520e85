import type { Token } from './nlp.js';
import { isAdverb, isBaseVerb, isPast } from './verbs.js';

const SELF = new Set(['i', 'we']);
const NOMINATIVE = new Set(['i', 'we', 'he', 'she', 'they', 'it', 'you']);
const MODALS = new Set([
  'can',
  'could',
  'will',
  'would',
  'shall',
  'should',
  'may',
  'might',
  'must',
  "'ll",
  "'d",
  'ca',
  'wo',
]);
/** Verbs whose plain form is also their past: "I put" told in a chat is nearly always the past. */
const SAME_IN_PAST = new Set([
  'put',
  'set',
  'cut',
  'hit',
  'let',
  'quit',
  'cost',
  'hurt',
  'shut',
  'bet',
  'spread',
  'beat',
]);
/** "Last weekend" is taken for a verb now and then. */
const NOT_FINITE = new Set(['been', 'being', 'be', 'weekend', 'week', 'month', 'year']);

export const isSelf = (token: Token | undefined): boolean => token !== undefined && SELF.has(token.lower);
export const isNominative = (token: Token | undefined): boolean => token !== undefined && NOMINATIVE.has(token.lower);
export const isModal = (token: Token | undefined): boolean => token !== undefined && MODALS.has(token.lower);
export const isNoun = (token: Token | undefined): boolean => token?.pos === 'NOUN' || token?.pos === 'PROPN';

/** "just", "not", "really": what may stand between a subject and its verb. */
export const isBetween = (token: Token | undefined): boolean =>
  token !== undefined &&
  (token.pos === 'ADV' || token.pos === 'PART' || token.lower === 'not' || isAdverb(token.lower)) &&
  token.lower !== 'to' &&
  !isPast(token.lower);

export const isGerund = (token: Token | undefined): boolean =>
  token !== undefined &&
  /[a-z]{2}ing$/.test(token.lower) &&
  ![
    'thing',
    'king',
    'ring',
    'spring',
    'string',
    'bring',
    'sing',
    'swing',
    'something',
    'nothing',
    'anything',
    'everything',
    'evening',
    'morning',
    'wedding',
    'during',
    'ceiling',
  ].includes(token.lower);

/** Whether a token has the form of a past tense or past participle. */
export const isPastForm = (token: Token | undefined): boolean =>
  token !== undefined &&
  (isPast(token.lower) ||
    SAME_IN_PAST.has(token.lower) ||
    (token.pos === 'VERB' && token.lemma !== token.lower && !/(?:ing|s)$/.test(token.lower))) &&
  !isModal(token);

/** Whether a token can carry a statement: not an infinitive, a gerund or a bare participle of "be". */
export const isFinite = (tokens: readonly Token[], at: number): boolean => {
  const token = tokens[at];
  if (!token || (token.pos !== 'VERB' && token.pos !== 'AUX')) return false;
  return !isGerund(token) && !NOT_FINITE.has(token.lower) && tokens[at - 1]?.lower !== 'to';
};

/** Whether a token reads as the plain present, as it stands after "I". */
export const isPlainPresent = (token: Token | undefined): boolean =>
  token !== undefined &&
  (token.pos === 'VERB' || isBaseVerb(token.lower)) &&
  token.lemma === token.lower &&
  !isPastForm(token) &&
  !isGerund(token);

/** Where the verb of a subject that ends before `from` stands: the next word that is no adverb. */
export const verbAfter = (tokens: readonly Token[], from: number): number => {
  let at = from;
  while (
    at < tokens.length &&
    (isBetween(tokens[at]) || (tokens[at]?.lower === 'no' && tokens[at + 1]?.lower === 'longer'))
  )
    at += 1;
  return at;
};

/** A subject longer than this is not followed to its verb. */
export const FARTHEST = 16;

const OBJECT = /^(?:DET|PRON|ADP|VERB|ADV|PART)$/;

/** "My dogs love running": taggers take a verb after a plural for a noun; what follows tells. */
const isMistakenVerb = (tokens: readonly Token[], at: number): boolean => {
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (token?.pos !== 'NOUN' || before?.pos !== 'NOUN' || !next) return false;
  const isPlural = before.lower !== before.lemma;
  if (isPlural && /^(?:love|like|hate|enjoy|need|want|own)$/.test(token.lower)) return true;
  if (!OBJECT.test(next.pos)) return false;
  return isPlural ? isBaseVerb(token.lower) || token.lower === 'matter' : token.lower === 'matters';
};

/** The first verb from `from` on that can carry a statement, or -1. */
export const firstFinite = (tokens: readonly Token[], from: number): number => {
  const end = Math.min(tokens.length, from + FARTHEST);
  for (let at = from; at < end; at += 1) if (isFinite(tokens, at)) return at;
  for (let at = from; at < end; at += 1) if (isMistakenVerb(tokens, at)) return at;
  return -1;
};
