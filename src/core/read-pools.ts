import { countUpTo, readBest, readListed, type Candidate, type Where } from '../store/candidates.js';
import type { MemoryFilter } from '../store/listing.js';
import { WORDED } from '../store/pools.js';
import type { Words } from '../store/postings.js';
import type { Deps } from './deps.js';
import { HALF_LENGTH, type Asked } from './rules/relevance.js';
import type { Known } from './scope-sizes.js';

/** What is looked for, and where. */
export interface Looking {
  deps: Deps;
  where: Where;
  sought: { text: string; vector: Float32Array; embeddingModel: string };
}

/** Scopes of up to so many memories are compared whole: exact, and no slower than looking through indexes. */
export const SMALL = 1_000;
/** Of scopes of up to so many every vector is compared: more than that through the index are dearer than few without. */
const MEDIUM = 5_000;
/** A scope is counted again once its account has seen so much more. */
const GROWTH = 1.25;
/** Beyond so many the index would be read nearly whole. */
const MOST_INDEXED = 1_000;
/** Of the nearest that are in memory so many are looked up at most, until enough of them match. */
const MOST_LISTED = 8_000;

export interface Found {
  candidates: readonly Candidate[];
  /** There are no others. */
  isAll: boolean;
}

/**
 * The candidates of a large scope. Their nearest are found in memory, or through the index until they are there; exactly where
 * neither pays, or where the index gave less than was asked for.
 */
export async function readPools(
  looking: Looking,
  { terms, weights }: Asked,
  rareTerms: readonly string[],
  near: number,
  seq: bigint,
): Promise<Found> {
  const { deps, where, sought } = looking;
  const { db, scopeSizes } = deps;
  const { scope, filter, asOf } = where;
  const pools = { near, rareTerms, weights, halfLength: HALF_LENGTH };
  const exactly = async (): Promise<Found> => {
    const { candidates, isShort } = await readBest(db, where, sought, terms, { ...pools, from: 'ALL' });
    if (isShort && near <= SMALL) scopeSizes.setSmall(scope, filter);
    return { candidates, isAll: isShort };
  };
  // What is in memory and in the index is what is current.
  const isPast = asOf.valid !== undefined || asOf.known !== undefined;
  if (isPast || near > MOST_INDEXED) return exactly();
  const known = await sizeOf(deps, where, seq);
  if (isFiltered(filter) && known.size <= MEDIUM) return exactly();
  const inMemory = await readFromMemory(looking, { terms, weights, rareTerms, halfLength: HALF_LENGTH }, near, seq);
  if (inMemory) return inMemory;
  if (isComparedWhole(known)) return exactly();
  deps.indexing.look(scope); // what is new of it is compared one by one until then
  const { candidates, isShort } = await readBest(db, where, sought, terms, { ...pools, from: 'INDEX' });
  if (!isShort) return { candidates, isAll: false };
  scopeSizes.setLarge(scope, filter, { ...known, isSparse: true });
  return exactly();
}

const isFiltered = (filter: MemoryFilter): boolean => Object.values(filter).some((value) => value !== undefined);

/** The best of the tenant, more and more of them until enough match; undefined where they are not in memory, or do not. */
async function readFromMemory(
  { deps: { db, residents }, where, sought }: Looking,
  words: Words,
  mostNear: number,
  seq: bigint,
): Promise<Found | undefined> {
  const isWhole = !isFiltered(where.filter);
  for (let share = isWhole ? 2 : 4; share * mostNear <= MOST_LISTED; share *= 4) {
    const wanted = { vector: sought.vector, near: share * mostNear, worded: share * WORDED, words };
    const listed = await residents.list(where.scope, wanted, seq);
    if (!listed) return undefined;
    const { candidates, isShort } = await readListed(db, where, sought, words.terms, { ...listed, mostNear });
    if (!isShort || listed.isAll) return { candidates, isAll: isShort };
    if (isWhole) residents.renew(where.scope);
  }
  return undefined;
}

/** What is known of the size of a scope that is large. */
async function sizeOf({ db, scopeSizes }: Deps, where: Where, seq: bigint): Promise<Known> {
  const { scope, filter } = where;
  const kept = scopeSizes.get(scope, filter);
  if (kept && Number(seq) <= Number(kept.seq) * GROWTH) return kept;
  const known = { size: await countUpTo(db, where, MEDIUM + 1), seq, isSparse: false };
  scopeSizes.setLarge(scope, filter, known);
  return known;
}

/** Whether every vector of a scope is compared, instead of looking through the index. */
const isComparedWhole = ({ size, isSparse }: Known): boolean => isSparse || size <= MEDIUM;
