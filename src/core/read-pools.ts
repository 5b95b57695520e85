import { countUpTo, readBest, type Candidate, type Where } from '../store/candidates.js';
import type { ResidentView } from '../store/resident-view.js';
import type { Deps } from './deps.js';
import { readResident, readResidentWith } from './read-resident.js';
import { rarestOf } from './rules/rare-terms.js';
import { HALF_LENGTH, type Asked, type Boosts } from './rules/relevance.js';
import type { Known } from './scope-sizes.js';

/** What is looked for, and where. */
export interface Looking {
  deps: Deps;
  where: Where;
  sought: { text: string; vector: Float32Array; embeddingModel: string };
  boosts: Boosts;
  /** So many of the best are wanted. */
  depth: number;
}

/** What is known of the words of a question. */
export interface Words extends Asked {
  /** How many memories there are, and how many of them hold each term. */
  total: number;
  holding: readonly number[];
  /** What memory holds of the scope; undefined where it is not at hand. */
  view: ResidentView | undefined;
  /** The account's sequence number. */
  seq: bigint;
}

/** Scopes of up to so many memories are compared whole: exact, and no slower than looking through indexes. */
export const SMALL = 1_000;
/** Of scopes of up to so many every vector is compared: more than that through the index are dearer than few without. */
const MEDIUM = 5_000;
/** A scope is counted again once its account has seen so much more. */
const GROWTH = 1.25;
/** Beyond so many the index would be read nearly whole. */
const MOST_INDEXED = 1_000;

export interface Found {
  candidates: readonly Candidate[];
  /** There are no others. */
  isAll: boolean;
}

/**
 * The candidates of a large scope. They are found in memory, or their nearest through the index until they are there; exactly
 * where neither pays, or where the index gave less than was asked for.
 */
export async function readPools(looking: Looking, words: Words, near: number): Promise<Found> {
  const { deps, where, sought } = looking;
  const { db, scopeSizes } = deps;
  const { scope, filter } = where;
  const { terms, weights, total, holding, seq } = words;
  const pools = { near, rareTerms: rarestOf(terms, holding, total), weights, halfLength: HALF_LENGTH };
  const exactly = async (): Promise<Found> => {
    const { candidates, isShort } = await readBest(db, where, sought, terms, { ...pools, from: 'ALL' });
    if (isShort && near <= SMALL) scopeSizes.setSmall(scope, filter);
    return { candidates, isAll: isShort };
  };
  // What is in memory and in the index is what is current.
  if (isPast(where) || near > MOST_INDEXED) return exactly();
  const read = filter.text === undefined ? readResident : readResidentWith;
  const inMemory = words.view && (await read(looking, words.view, words, near));
  if (inMemory) return inMemory;
  const known = await sizeOf(deps, where, seq);
  if (known.isSparse || known.size <= MEDIUM) return exactly();
  deps.indexing.look(scope); // what is new of it is compared one by one until then
  const { candidates, isShort } = await readBest(db, where, sought, terms, { ...pools, from: 'INDEX' });
  if (!isShort) return { candidates, isAll: false };
  scopeSizes.setLarge(scope, filter, { ...known, isSparse: true });
  return exactly();
}

export const isPast = ({ asOf }: Pick<Where, 'asOf'>): boolean => asOf.valid !== undefined || asOf.known !== undefined;

/** What is known of the size of a scope that is large. */
async function sizeOf({ db, scopeSizes }: Deps, where: Where, seq: bigint): Promise<Known> {
  const { scope, filter } = where;
  const kept = scopeSizes.get(scope, filter);
  if (kept && Number(seq) <= Number(kept.seq) * GROWTH) return kept;
  const known = { size: await countUpTo(db, where, MEDIUM + 1), seq, isSparse: false };
  scopeSizes.setLarge(scope, filter, known);
  return known;
}
