import type { AsOf } from '../store/beliefs.js';
import { probe, readAllCandidates, readBestCandidates, type Candidate, type Where } from '../store/candidates.js';
import { readLastSeq } from '../store/events.js';
import type { MemoryFilter, Scope } from '../store/listing.js';
import type { Deps } from './deps.js';
import { relevanceOf, weightsOf, type Asked, type Relevance } from './rules/relevance.js';

export interface Hit extends Relevance {
  id: string;
  /** Cosine of question and memory, 0 to 1. */
  similarity: number;
}

export interface Retrieval {
  scope: Scope;
  text: string;
  filter: MemoryFilter;
  asOf: AsOf;
}

/** Scopes of up to so many memories are compared whole: exact, and no slower than looking through indexes. */
const SMALL = 1_000;
/** A question longer than so many terms says nothing more about what is sought. */
const MAX_TERMS = 31;
/** Terms in at most this share of the memories are looked for by themselves; commoner ones only lend weight. */
const RARE_SHARE = 0.02;

/**
 * Memories by relevance to a text, best first: words weighed by rarity, nearness in meaning, and what stands beside them in
 * their session. Every filter, and both time axes, hold before anything is ranked. The one retrieval of both doors.
 */
export async function retrieve(deps: Deps, { scope, text, filter, asOf }: Retrieval): Promise<Hit[]> {
  const { db, embedder, now } = deps;
  const where: Where = { scope, filter, asOf, now: now() };
  const [[vector = new Float32Array(embedder.dimensions)], { terms: all, size }] = await Promise.all([
    embedder.embed([text], 'query'),
    probe(db, where, text, SMALL + 1),
  ]);
  const terms = all.slice(0, MAX_TERMS);
  const sought = { terms, rareTerms: terms, vector, embeddingModel: embedder.id };
  const isPast = asOf.valid !== undefined || asOf.known !== undefined;
  if (size <= SMALL || isPast) {
    const candidates = await readAllCandidates(db, where, sought);
    return ranked(candidates, { terms, weights: weightsOf(terms, candidates.length, holdingIn(candidates, terms)) });
  }
  const { total, holding } = await deps.termCounts.holding(db, scope, await readLastSeq(db, scope.accountId), terms);
  const rareTerms = terms.filter((_, i) => (holding[i] ?? 0) <= RARE_SHARE * total);
  const candidates = await readBestCandidates(db, where, { ...sought, rareTerms });
  return ranked(candidates, { terms, weights: weightsOf(terms, total, holding) });
}

/** How many of the candidates hold each term. */
const holdingIn = (candidates: readonly Candidate[], terms: readonly string[]): number[] =>
  terms.map((_, i) => candidates.filter(({ matched }) => matched & (1 << i)).length);

function ranked(candidates: readonly Candidate[], asked: Asked): Hit[] {
  const relevance = relevanceOf(asked, candidates);
  return candidates
    .flatMap(({ id, similarity, createdSeq }, i) => {
      const why = relevance[i];
      return why ? [{ id, similarity, createdSeq, ...why }] : [];
    })
    .sort((a, b) => b.score - a.score || Number(b.createdSeq - a.createdSeq))
    .map(({ createdSeq, ...hit }) => hit);
}
