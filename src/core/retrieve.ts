import type { AsOf } from '../store/beliefs.js';
import { holdingOf, readTerms, readWhole, uuidOf, type Candidate, type Where } from '../store/candidates.js';
import type { MemoryFilter, Scope } from '../store/listing.js';
import type { Deps } from './deps.js';
import type { ResidentLook } from './resident-tenants.js';
import { isPast, readPools, SMALL, type Looking, type Words } from './read-pools.js';
import { orderCandidates } from './rules/order-candidates.js';
import { weightsOf, type Asked, type Boosts, type Relevance } from './rules/relevance.js';

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
/** Scopes of up to so many are read whole, in one statement, though memory could tell which of them to read. */
const FEW = 100;

/**
 * Memories by relevance to a text, best first: words weighed by rarity, nearness in meaning, and what stands beside them in
 * their session. Every filter, and both time axes, hold before anything is ranked. The one retrieval of both doors. A deeper
 * search gives the same beginning.
 */
export async function retrieve(deps: Deps, { scope, text, filter, asOf, depth, weights }: Retrieval): Promise<Hit[]> {
  const { db, embedder, now, config } = deps;
  const [vector = new Float32Array(embedder.dimensions)] = await embedder.embed([text], 'query');
  const where: Where = { scope, filter, asOf, now: now() };
  // Recent as of the instant that is asked about.
  const boosts: Boosts = {
    recency: weights?.recency ?? config.searchWeights.recency,
    importance: weights?.importance ?? config.searchWeights.importance,
    now: asOf.valid ?? asOf.known ?? where.now,
  };
  const looking: Looking = { deps, where, sought: { text, vector, embeddingModel: embedder.id }, boosts, depth };
  const look = isKnownInMemory(where) ? deps.residents.look(scope, filter) : undefined;
  if (look ? look.size <= FEW : !deps.scopeSizes.get(scope, filter)) {
    const { terms, candidates } = await readWhole(db, where, looking.sought, SMALL);
    if (candidates) {
      const holding = holdingOf(
        terms.length,
        candidates.map(({ matched }) => matched),
      );
      const asked = { terms, weights: weightsOf(terms, candidates.length, holding) };
      return hitsOf(candidates, asked, boosts).slice(0, depth);
    }
  }
  return retrieveFromMany(looking, await wordsOf(looking, look));
}

async function retrieveFromMany(looking: Looking, words: Words): Promise<Hit[]> {
  const hits: Hit[] = [];
  const seen = new Set<string>();
  for (const near of TIERS) {
    const { candidates, isAll } = await readPools(looking, words, near);
    for (const hit of hitsOf(candidates, words, looking.boosts)) {
      if (seen.has(hit.id)) continue;
      seen.add(hit.id);
      hits.push(hit);
    }
    if (isAll || hits.length >= looking.depth) break;
  }
  return hits;
}

/**
 * While the database looks up the words, what is in memory is compared. In a scope that is small, words are counted in it alone,
 * wherever it is searched.
 */
async function wordsOf({ deps, where, sought }: Looking, look: ResidentLook | undefined): Promise<Words> {
  const { db, residents, termCounts } = deps;
  const { scope, filter } = where;
  const reading = readTerms(db, scope, sought.text);
  const ahead = look?.compare(sought.vector);
  const { terms, seq } = await reading;
  const view = await residents.view(scope, filter, { terms, vector: sought.vector, ahead }, seq);
  const inMemory = view && (view.size <= SMALL && isKnownInMemory(where) ? view.ofScope : view.ofTenant);
  const { total, holding } = inMemory ?? (await termCounts.holding(db, scope, seq, terms));
  return { terms, weights: weightsOf(terms, total, holding), total, holding, view, seq };
}

/** Whether memory knows which memories are left: of what was, and of words that must occur, it knows nothing. */
const isKnownInMemory = (where: Where): boolean => !isPast(where) && where.filter.text === undefined;

const hitsOf = (candidates: readonly Candidate[], asked: Asked, boosts: Boosts): Hit[] =>
  orderCandidates(candidates, asked, boosts).map(({ candidate: { id, similarity }, why }) => ({
    id: uuidOf(id),
    similarity,
    ...why,
  }));
