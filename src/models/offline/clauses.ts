import { isBetween, isFinite, isNominative, isPastForm, isSelf, isNoun, verbAfter } from './grammar.js';
import type { Token } from './nlp.js';
import { predicatesOf } from './predicates.js';
import { weightOf } from './weight.js';

const JOINTS = new Set(['and', 'but', 'so', 'plus', 'though', 'although', 'yet', 'or']);
const MARKS = new Set([',', ';', ':', '-', '–', '—', '...', '…', '--']);
/** Words that make what follows part of another clause: "when I am tired, I ..." is one condition. */
const SUBORDINATE = new Set(
  'when whenever while because since after before until once as although though if unless where wherever whether that'.split(
    ' ',
  ),
);
const POSSESSIVE = new Set(['my', 'our']);
const isBreak = (token: Token | undefined): boolean =>
  token !== undefined && (JOINTS.has(token.lower) || MARKS.has(token.text));
/** A dash between words, not the hyphen inside one. */
const isPause = (tokens: readonly Token[], at: number): boolean => {
  const token = tokens[at];
  return (
    token !== undefined &&
    token.text !== ',' &&
    MARKS.has(token.text) &&
    (!/^[-–—]$/.test(token.text) || token.gap !== '' || tokens[at + 1]?.gap !== '')
  );
};

/** Whether a clause of its own begins here: a subject in the nominative, or a possession, and then its verb. */
const beginsClause = (tokens: readonly Token[], from: number): boolean => {
  let at = from;
  while (isBetween(tokens[at])) at += 1;
  const first = tokens[at];
  if (!first) return false;
  if (isNominative(first)) {
    const verb = verbAfter(tokens, at + 1);
    return isSelf(first) || isFinite(tokens, verb);
  }
  const isNounPhrase =
    POSSESSIVE.has(first.lower) ||
    first.pos === 'PROPN' ||
    first.lower === 'the' ||
    (/^(?:this|that|there|these|those)$/.test(first.lower) && first.pos === 'PRON');
  if (!isNounPhrase) return false;
  // A comma or joint before the verb makes it an item of a list: "my mum, my dad and my dog came".
  for (let next = at + 1; next < Math.min(tokens.length, at + 7); next += 1) {
    if (isFinite(tokens, next)) return !isPastParticiple(tokens, next);
    if (tokens[next]?.lower === 'and' && isSelf(tokens[next + 1])) return true;
    if (
      isBreak(tokens[next]) ||
      isNominative(tokens[next]) ||
      /^(?:who|which|that|to)$/.test(tokens[next]?.lower ?? '')
    )
      return false;
  }
  return false;
};

/** "the cake baked by him": a past form without "was" before it, followed by a preposition of the passive. */
const isPastParticiple = (tokens: readonly Token[], at: number): boolean =>
  tokens[at]?.pos === 'VERB' && tokens[at + 1]?.lower === 'by' && isPastForm(tokens[at]);

const hasFinite = (tokens: readonly Token[]): boolean => tokens.some((_, at) => isFinite(tokens, at));

/** A condition at the front needs its main clause before anything may be split off. */
const isComplete = (piece: readonly Token[]): boolean => {
  if (!hasFinite(piece)) return false;
  const first = piece[0]?.lower ?? '';
  if (!SUBORDINATE.has(first)) return true;
  const comma = piece.findIndex((token, at) => at > 1 && token.text === ',');
  return comma > 0 && hasFinite(piece.slice(comma));
};

/** "..., and my sister and I ran": here "and" ties two people, not two clauses. */
const isCouple = (tokens: readonly Token[], at: number, start: number): boolean => {
  if (tokens[at]?.lower !== 'and' || !isSelf(tokens[at + 1])) return false;
  // Nothing was stated yet: what stands there is the subject.
  const isSubject = !hasFinite(tokens.slice(start, at)) && isNoun(tokens[at - 1]);
  if (isSubject) return true;
  let from = at - 1;
  while (from > start && (isNoun(tokens[from]) || tokens[from]?.pos === 'ADJ')) from -= 1;
  if (POSSESSIVE.has(tokens[from]?.lower ?? '')) from -= 1;
  else if (tokens[from + 1]?.pos !== 'PROPN' || from + 2 !== at)
    return from === start && isNoun(tokens[from]) && from + 1 === at;
  return (
    from < start ||
    isBreak(tokens[from]) ||
    tokens[from]?.pos === 'SCONJ' ||
    /^(?:till|until|since|before|after)$/.test(tokens[from]?.lower ?? '')
  );
};

/** The independent clauses of a sentence: each becomes a fact of its own. */
export const clausesOf = (tokens: readonly Token[]): Token[][] => {
  const clauses: Token[][] = [];
  let start = 0;
  for (let at = 1; at < tokens.length - 1; at += 1) {
    const isConcession =
      /^(?:though|if)$/.test(tokens[at]?.lower ?? '') && /^(?:even|as)$/.test(tokens[at - 1]?.lower ?? '');
    if (isConcession || isCouple(tokens, at, start)) continue;
    const pause = isPause(tokens, at);
    if (!pause && (!isBreak(tokens[at]) || (MARKS.has(tokens[at]?.lower ?? '') && tokens[at]?.text !== ','))) continue;
    let next = at + 1;
    while (isBreak(tokens[next])) next += 1;
    const piece = tokens.slice(start, at);
    if ((pause || isComplete(piece)) && beginsClause(tokens, next)) {
      clauses.push(piece);
      start = next;
      at = next;
    } else if (pause && weightOf(tokens.slice(next)) < 2 && hasFinite(piece)) {
      // "I won the cup - so exciting!": the cry after the dash is no part of the fact.
      clauses.push(piece);
      start = tokens.length;
      break;
    }
  }
  clauses.push(tokens.slice(start));
  return clauses
    .map(trimmed)
    .filter((clause) => clause.length > 1)
    .flatMap(predicatesOf);
};

const isMark = (token: Token | undefined): boolean => token?.pos === 'PUNCT' || token?.pos === 'SYM';

/** Without marks at either end; quotes and brackets that belong to words stay in between. */
const trimmed = (clause: readonly Token[]): Token[] => {
  let start = 0;
  let end = clause.length;
  while (
    start < end &&
    ((isMark(clause[start]) && !/^["'([]$/.test(clause[start]?.text ?? '')) || JOINTS.has(clause[start]?.lower ?? ''))
  )
    start += 1;
  while (end > start && isMark(clause[end - 1]) && !/^["')\]%]$/.test(clause[end - 1]?.text ?? '')) end -= 1;
  return clause.slice(start, end);
};
