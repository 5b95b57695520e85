import { checkMemories, readListed, type Candidate } from '../store/candidates.js';
import { WORDED } from '../store/pools.js';
import type { Pool, ResidentCandidate, ResidentView } from '../store/resident-view.js';
import type { Found, Looking } from './read-pools.js';
import { orderCandidates, type Ranked } from './rules/order-candidates.js';
import { HALF_LENGTH, type Asked, type Boosts } from './rules/relevance.js';

/** What rounded cosines may change in a score: several times as much as they were seen to. */
const ROUNDING = 0.005;
/** So many are looked up besides the first time, for those that are no longer current; then four times as many, and so on. */
const SPARE = 2;
const MOST_ROUNDS = 5;
/** Of the nearest so many are looked up at most, until enough of them hold the words that must occur. */
const MOST_LISTED = 8_000;

/**
 * The best of what memory holds of a scope, each checked in the database, with its exact cosine, as are the neighbours that lend it
 * something. Undefined where too many of them are no longer current, or where the tenant was let go.
 */
export async function readResident(
  looking: Looking,
  view: ResidentView,
  asked: Asked,
  near: number,
): Promise<Found | undefined> {
  const wanted = { near, worded: WORDED, weights: asked.weights, halfLength: HALF_LENGTH };
  const exact = new Map<number, number>();
  let pool = await view.pool(wanted);
  for (let spare = SPARE; pool && spare < SPARE * 4 ** MOST_ROUNDS; spare *= 4) {
    for (const candidate of pool.candidates) candidate.similarity = exact.get(candidate.id) ?? candidate.similarity;
    const found = foundOf(pool, asked, looking.boosts);
    const best = worthALook(found, looking.depth);
    const isChecked = best.every(({ candidate }) => placesOf(candidate).every((place) => exact.has(place)));
    if (isChecked) return { candidates: named(pool, view, exact), isAll: pool.isAll && best.length === found.length };
    const places = found.slice(0, best.length + spare).flatMap(({ candidate }) => placesOf(candidate));
    if (!(await areCurrent(looking, view, places, exact))) pool = await view.pool(wanted);
  }
  return undefined;
}

/** Checks those of the places that were not yet, and takes out what does not match. True: all of them do. */
async function areCurrent(
  { deps: { db }, where, sought }: Looking,
  view: ResidentView,
  places: readonly number[],
  exact: Map<number, number>,
): Promise<boolean> {
  const unknown = [...new Set(places)].filter((place) => !exact.has(place));
  const ids = unknown.map((place) => view.idAt(place));
  const checked = await checkMemories(db, where, sought, ids);
  let areAll = true;
  for (const [i, { similarity, isOver }] of [...checked.values()].entries()) {
    const place = unknown[i] ?? -1;
    if (similarity !== undefined) {
      exact.set(place, similarity);
      continue;
    }
    areAll = false;
    view.exclude(place, isOver);
  }
  return areAll;
}

/** A candidate, and those that lend it something. */
const placesOf = ({ id, previousId, nextId }: ResidentCandidate): number[] =>
  [id, previousId, nextId].filter((place) => place !== null);

/** Those that were found for themselves, the best first. */
function foundOf({ candidates, found }: Pool, asked: Asked, boosts: Boosts): Ranked<ResidentCandidate>[] {
  const themselves = new Set(candidates.slice(0, found));
  return orderCandidates(candidates, asked, boosts).filter(({ candidate }) => themselves.has(candidate));
}

/** Those that may be among the best `depth` once all cosines are exact. */
function worthALook<Row>(found: readonly Ranked<Row>[], depth: number): Ranked<Row>[] {
  const bound = (found[depth - 1]?.why.score ?? -Infinity) - ROUNDING;
  return found.filter(({ why }) => why.score >= bound);
}

/** As the database would give those that it has checked. */
function named({ candidates }: Pool, view: ResidentView, exact: ReadonlyMap<number, number>): Candidate[] {
  const idOf = (place: number | null): string | null => (place === null ? null : view.idAt(place));
  return candidates
    .filter(({ id }) => exact.has(id))
    .map((candidate) => ({
      ...candidate,
      id: view.idAt(candidate.id),
      previousId: idOf(candidate.previousId),
      nextId: idOf(candidate.nextId),
    }));
}

/**
 * The same where words must occur, of which memory knows nothing: any of the nearest may be without them, so that more and
 * more are looked up.
 */
export async function readResidentWith(
  { deps, where, sought }: Looking,
  view: ResidentView,
  asked: Asked,
  near: number,
): Promise<Found | undefined> {
  for (let share = 4; share * near <= MOST_LISTED; share *= 4) {
    const wanted = { near: share * near, worded: share * WORDED, weights: asked.weights, halfLength: HALF_LENGTH };
    const pool = await view.pool(wanted);
    if (!pool) return undefined;
    const ids = pool.candidates.slice(0, pool.found).map(({ id }) => view.idAt(id));
    const most = Math.min(near, ids.length);
    const { candidates, isShort } = await readListed(deps.db, where, sought, asked.terms, { ids, most });
    if (!isShort || pool.isAll) return { candidates, isAll: pool.isAll && isShort };
  }
  return undefined;
}
