import type { AsOf } from '../store/beliefs.js';
import { readTerms, readWhole, uuidOf, type Candidate, type Where } from '../store/candidates.js';
import type { MemoryFilter, Scope } from '../store/listing.js';
import type { Deps } from './deps.js';
import { readPools, SMALL, type Looking } from './read-pools.js';
import { relevanceOf, weightsOf, type Asked, type Boosts, type Relevance } from './rules/relevance.js';
import { rarestOf } from './rules/rare-terms.js';

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
  /** So many of the best are given, or a few more. */
  depth: number;
  /** What recency and importance add; what is left out is as the server weighs it. */
  weights?: { recency: number | undefined; importance: number | undefined } | undefined;
}

/** How many of the nearest are looked at: of a large scope no more than the pages asked for need. */
const TIERS = [100, 1_000, 12_000] as const;

interface Search extends Looking {
  depth: number;
  boosts: Boosts;
}

/**
 * Memories by relevance to a text, best first: words weighed by rarity, nearness in meaning, and what stands beside them in
 * their session. Every filter, and both time axes, hold before anything is ranked. The one retrieval of both doors. A deeper
 * search gives the same beginning.
 */
export async function retrieve(deps: Deps, { scope, text, filter, asOf, depth, weights }: Retrieval): Promise<Hit[]> {
  const { db, embedder, now, scopeSizes, config } = deps;
  const [vector = new Float32Array(embedder.dimensions)] = await embedder.embed([text], 'query');
  const where: Where = { scope, filter, asOf, now: now() };
  // Recent as of the instant that is asked about.
  const boosts: Boosts = {
    recency: weights?.recency ?? config.searchWeights.recency,
    importance: weights?.importance ?? config.searchWeights.importance,
    now: asOf.valid ?? asOf.known ?? where.now,
  };
  const search: Search = { deps, where, sought: { text, vector, embeddingModel: embedder.id }, depth, boosts };
  if (!scopeSizes.get(scope, filter)) {
    const { terms, candidates } = await readWhole(db, where, search.sought, SMALL);
    if (candidates)
      return ranked(
        candidates,
        { terms, weights: weightsOf(terms, candidates.length, holdingIn(candidates, terms)) },
        search.boosts,
        depth,
      );
  }
  return retrieveFromMany(search);
}

async function retrieveFromMany(search: Search): Promise<Hit[]> {
  const { deps, where, depth } = search;
  const { terms, seq } = await readTerms(deps.db, where.scope, search.sought.text);
  const { total, holding } =
    (await deps.residents.count(where.scope, terms, seq)) ??
    (await deps.termCounts.holding(deps.db, where.scope, seq, terms));
  const asked: Asked = { terms, weights: weightsOf(terms, total, holding) };
  const rareTerms = rarestOf(terms, holding, total);
  const hits: Hit[] = [];
  const seen = new Set<string>();
  for (const near of TIERS) {
    const { candidates, isAll } = await readPools(search, asked, rareTerms, near, seq);
    for (const hit of ranked(candidates, asked, search.boosts)) {
      if (seen.has(hit.id)) continue;
      seen.add(hit.id);
      hits.push(hit);
    }
    if (isAll || hits.length >= depth) break;
  }
  return hits;
}

/** How many of the candidates hold each term. */
function holdingIn(candidates: readonly Candidate[], terms: readonly string[]): number[] {
  const holding = terms.map(() => 0);
  for (const { matched } of candidates)
    for (let i = 0, rest = matched; rest !== 0; i++, rest >>>= 1) if (rest & 1) holding[i] = (holding[i] ?? 0) + 1;
  return holding;
}

/** The best first, up to `most`; equals newest first. */
function ranked(candidates: readonly Candidate[], asked: Asked, boosts: Boosts, most = candidates.length): Hit[] {
  const relevance = relevanceOf(asked, candidates, boosts);
  const places = candidates.map((_, i) => i);
  const scores = Float64Array.from(relevance, ({ score }) => score);
  places.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || seqAt(candidates, b) - seqAt(candidates, a));
  return places.slice(0, most).flatMap((i) => {
    const [candidate, why] = [candidates[i], relevance[i]];
    return candidate && why ? [{ id: uuidOf(candidate.id), similarity: candidate.similarity, ...why }] : [];
  });
}

const seqAt = (candidates: readonly Candidate[], i: number): number => candidates[i]?.createdSeq ?? 0;
