export interface Comparable<Id = string> {
  id: Id;
  /** Cosine with the question, 0 to 1. */
  similarity: number;
  /** Bit i: whether it holds term i of the question. */
  matched: number;
  /** Number of distinct terms. */
  length: number;
  validFrom: Date;
  /** 1 to 10. */
  importance: number;
  /** Neighbours in the same session. One that is not among the candidates lends nothing. */
  previousId: Id | null;
  nextId: Id | null;
}

/** Why a memory ranks where it does. The score is their sum, and depends on no other memory but its neighbours. */
export interface Relevance {
  score: number;
  /** Share of the question's words that it holds, weighed by how rare they are and tempered by its length; 0 to 1. */
  lexical: number;
  /** Nearness in meaning: weighted cosine. */
  vector: number;
  /** What the memories before and after it in its session lend. */
  neighbour: number;
  /** What it gets for being true since lately; 0 unless weighed. */
  recency: number;
  /** What it gets for its importance; 0 unless weighed. */
  importance: number;
}

/** What the newest and the most important memory get besides, in units of the score; 0: nothing. */
export interface Boosts {
  recency: number;
  importance: number;
  now: Date;
}

const HALF_LIFE_MS = 30 * 86_400_000;

/** Texts of this many words count a shared word half: a long text shares words with any question. */
export const HALF_LENGTH = 80;
const COSINE_WEIGHT = 0.6;
/** An answer often does not repeat what the line before it asked, and the line after goes on about it. */
const PREVIOUS_SHARE = 0.25;
const NEXT_SHARE = 0.2;

const MONTHS = 'januari februari march april may june juli august septemb octob novemb decemb'.split(' ');
const DATE_LEXEME = new RegExp(
  `^(?:(?:19|20)\\d\\d|[12]?\\d|3[01]|${MONTHS.flatMap((month) => [month, month.slice(0, 3)]).join('|')})$`,
);

/** How much a term tells that `holding` of `memories` hold: inverse document frequency as in BM25, never below 0. */
export const rarity = (memories: number, holding: number): number =>
  Math.log(1 + (Math.max(0, memories - holding) + 0.5) / (holding + 0.5));

/**
 * The weight of each of the question's terms. One that no memory holds weighs nothing: it would lower the share of words that
 * any memory can reach. Those of a date stay in, for they are in no text.
 */
export const weightsOf = (terms: readonly string[], memories: number, holding: readonly number[]): number[] =>
  terms.map((term, i) => {
    const count = holding[i] ?? 0;
    return count > 0 || DATE_LEXEME.test(term) ? rarity(memories, count) : 0;
  });

/** What full-text search makes of a date's words, so that "in May 2023" finds what was true from then: year, month, its short name, day. */
export function dateLexemes(date: Date): string[] {
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return [...new Set([String(date.getUTCFullYear()), month, month.slice(0, 3), String(date.getUTCDate())])];
}

export interface Asked {
  /** Lexemes, as full-text search has them. */
  terms: readonly string[];
  /** See weightsOf. */
  weights: readonly number[];
}

/**
 * Relevance of each candidate, in their order. No part depends on which other candidates there are, neighbours apart, so that
 * a pool of the best by words and by cosine is ordered as all memories would be.
 */
export function relevanceOf<Id>(asked: Asked, candidates: readonly Comparable<Id>[], boosts?: Boosts): Relevance[] {
  const shared = sharedWords(asked);
  const own = candidates.map((candidate) => ({
    lexical: shared(candidate),
    vector: COSINE_WEIGHT * candidate.similarity,
  }));
  // Of those that stand in a session alone: of a thousand memories most may be in none.
  const lends = ({ previousId, nextId }: Comparable<Id>): boolean => previousId !== null || nextId !== null;
  const scores = new Map<Id, number>();
  if (candidates.some(lends))
    candidates.forEach(({ id }, i) => scores.set(id, (own[i]?.lexical ?? 0) + (own[i]?.vector ?? 0)));
  const near = (id: Id | null): number => (id === null ? 0 : (scores.get(id) ?? 0));
  return candidates.map((candidate, i) => {
    const { lexical, vector } = own[i] ?? NOTHING;
    const recency = boosts && boosts.recency > 0 ? boosts.recency * ageFactor(candidate.validFrom, boosts.now) : 0;
    const importance = boosts ? (boosts.importance * candidate.importance) / 10 : 0;
    const neighbour = PREVIOUS_SHARE * near(candidate.previousId) + NEXT_SHARE * near(candidate.nextId);
    const score = lexical + vector + neighbour + recency + importance;
    return { score, lexical, vector, neighbour, recency, importance };
  });
}

const NOTHING = { lexical: 0, vector: 0 };

/** Halves every thirty days. */
const ageFactor = (validFrom: Date, now: Date): number =>
  2 ** (-Math.max(0, now.getTime() - validFrom.getTime()) / HALF_LIFE_MS);

/** What a candidate gets for the question's words. Most questions name no date: only then is a candidate's own looked at. */
function sharedWords({ terms, weights }: Asked): (candidate: Comparable<unknown>) => number {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const namesDate = terms.some((term) => DATE_LEXEME.test(term));
  return ({ matched, length, validFrom }) => {
    if (whole === 0 || (matched === 0 && !namesDate)) return 0;
    const dated = namesDate ? dateLexemes(validFrom) : [];
    let held = 0;
    for (let i = 0; i < terms.length; i++)
      if ((matched & (1 << i)) !== 0 || dated.includes(terms[i] ?? '')) held += weights[i] ?? 0;
    return held / whole / (1 + length / HALF_LENGTH);
  };
}
