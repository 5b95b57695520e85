import {
  FARTHEST,
  firstFinite,
  isBetween,
  isFinite,
  isGerund,
  isNominative,
  isNoun,
  isSelf,
  verbAfter,
} from './grammar.js';
import type { Token } from './nlp.js';

/**
 * self: "I moved", also after a leading phrase; mine: "My car broke"; they: a pronoun for somebody or something else;
 * you: the reader; thing: "The class helps me"; none: nothing is stated.
 */
export type SubjectKind = 'self' | 'mine' | 'they' | 'you' | 'thing' | 'none';

export interface Subject {
  kind: SubjectKind;
  /** Index of the subject's first token. */
  at: number;
  /** Index of its verb. */
  verb: number;
}

const CONDITION = /^(?:when|whenever|while|because|although|though|unless|until|once|where|if)$/;
const PRAISE = /^(?:glad|happy|sorry|nice|great|good|awesome|sad|excited|thankful|grateful|proud|cool|amazing|lucky)$/;
const NONE: Subject = { kind: 'none', at: 0, verb: 0 };
/** What may open a sentence in front of "I": a time, a place, a condition. */
const LEADING =
  /^(?:in|on|at|since|last|next|for|as|during|after|before|every|each|when|while|whenever|back|until|this|these|those|right|yesterday|today|tonight|tomorrow|recently|currently|lately|nowadays|now|because|from|with|two|three|four|five|a|an|once|one|most|then|later|although|though|despite|besides|through|by|over|apart|ever|growing|to|instead|also|sometimes|usually|normally|typically|often|originally|eventually|finally|thanks|without|outside|along|about|other|the)$/;
const THEY = new Set([
  'he',
  'she',
  'it',
  'they',
  'this',
  'that',
  'these',
  'those',
  'there',
  'here',
  'who',
  'which',
  'what',
  'one',
  'some',
  'both',
  'everyone',
  'everything',
  'someone',
  'something',
  'nothing',
  'nobody',
  'all',
  'such',
]);
const YOU = new Set(['you', 'your', 'yours', "y'all"]);

/** "In 2020 I moved": the subject may stand a few words in, but "the film that I saw" is about the film. */
const selfAfterLead = (tokens: readonly Token[]): number => {
  const at = tokens.slice(0, FARTHEST).findIndex((token) => isNominative(token));
  if (at < 1 || !isSelf(tokens[at]) || !LEADING.test(tokens[0]?.lower ?? '')) return -1;
  // "At a distance, since I am shy": the main clause is missing.
  if (at > 1 && /^(?:since|because|when|while|although|though|unless)$/.test(tokens[at - 1]?.lower ?? '')) return -1;
  const lead = tokens.slice(0, at);
  if (lead.some((token, index) => isFinite(lead, index) && token.pos === 'AUX')) return -1;
  const isConditional = /^(?:when|while|whenever|because|since|after|before|until|once|as|although|though|by)$/.test(
    tokens[0]?.lower ?? '',
  );
  const hasComma = lead.at(-1)?.text === ',';
  const isTime =
    /^(?:day|morning|night|evening|week|weekend|month|year|time|summer|ago|yesterday|today|now|monday|tuesday|wednesday|thursday|friday|saturday|sunday|moment|then|\d+)s?$/.test(
      lead.at(-1)?.lower ?? '',
    ) || lead.length === 1;
  const startsAsNoun = /^(?:a|an|the|this|these|those|one|two|three|most|other)$/.test(tokens[0]?.lower ?? '');
  return isConditional || hasComma || isTime || !startsAsNoun ? at : -1;
};

/** "Even when I lose": a condition whose main clause is missing. */
const isFragment = (tokens: readonly Token[]): boolean => {
  const at = tokens[0]?.pos === 'ADV' && !CONDITION.test(tokens[0].lower) ? 1 : 0;
  if (!CONDITION.test(tokens[at]?.lower ?? '')) return false;
  const comma = tokens.findLastIndex(({ text }) => text === ',');
  const verbs = tokens.filter((_, index) => isFinite(tokens, index)).length;
  return verbs < 2 || (comma < 0 && firstFinite(tokens, at) < 0);
};

/** Who or what a clause is about. */
export const subjectOf = (tokens: readonly Token[]): Subject => {
  let start = 0;
  while (
    (isBetween(tokens[start]) && !LEADING.test(tokens[start]?.lower ?? '')) ||
    (start < 2 && /^(?:also|now|then|currently|recently|lately)$/.test(tokens[start]?.lower ?? ''))
  )
    start += 1;
  const first = tokens[start];
  if (!first) return NONE;
  if (isSelf(first)) return { kind: 'self', at: start, verb: verbAfter(tokens, start + 1) };
  if (isFragment(tokens)) return NONE;
  const self = selfAfterLead(tokens.slice(start));
  if (self > 0) return { kind: 'self', at: start + self, verb: verbAfter(tokens, start + self + 1) };
  if (YOU.has(first.lower)) return { kind: 'you', at: start, verb: start + 1 };
  // "Glad to hear that my work helps": said of the speaker, and of the moment.
  if (PRAISE.test(first.lower) && tokens.length > start + 1 && !isNoun(tokens[start + 1])) return NONE;
  // "Was so nervous when I spoke": without its subject nobody knows who was.
  if (first.pos === 'AUX' || (first.pos === 'VERB' && !isGerund(first))) return NONE;
  const verb = firstFinite(tokens, start + 1);
  if (verb < 0) return { ...NONE, at: start };
  const ofMine =
    /^(?:one|some|all|both|most|two|three|each|many)$/.test(first.lower) &&
    tokens[start + 1]?.lower === 'of' &&
    /^(?:my|our)$/.test(tokens[start + 2]?.lower ?? '');
  if (ofMine) return { kind: 'mine', at: start, verb };
  if (THEY.has(first.lower) && (first.pos !== 'DET' || !isNoun(tokens[start + 1])))
    return { kind: 'they', at: start, verb };
  if (first.lower === 'my' || first.lower === 'our') return { kind: 'mine', at: start, verb };
  return { kind: 'thing', at: start, verb };
};

const YOURS = /^(?:you|your|yours|yourself|yourselves|y'all)$/;
const CUT = /^(?:while|when|if|as|since|like|so|because|and|but|or|though|although|unless|until|,|-|–|—)$/;

/** "I drove to Bern while you slept" without what it says to its reader, where that is a clause of its own at the end. */
export const withoutAddress = (tokens: readonly Token[]): Token[] => {
  const you = tokens.findIndex(({ lower }) => YOURS.test(lower));
  if (you < 0) return [...tokens];
  const cut = tokens.slice(0, you).findLastIndex(({ lower }) => CUT.test(lower));
  const isClose = cut > 0 && you - cut <= 2;
  if (!isClose) return [...tokens];
  // "As long as you" is one word in three.
  const isAs = tokens[cut]?.lower === 'as' && tokens[cut - 2]?.lower === 'as';
  return tokens.slice(0, isAs ? cut - 2 : cut);
};
