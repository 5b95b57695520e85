import { readDeletions, readEventsOf, type MemoryEvent } from '../store/events.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import type { Deps, Projection } from './deps.js';
import type { Scope } from '../store/listing.js';
import { memoryState } from './rules/validity.js';

/** JOINED: a better memory came; BEGAN: one that was known began to be valid. */
export type ChangeReason = 'SUPERSEDED' | 'EXPIRED' | 'RETRACTED' | 'REVERTED' | 'DELETED' | 'JOINED' | 'BEGAN';

export interface Explanation {
  reason: ChangeReason;
  /** Null where nothing was written: an instant passed. */
  cause: MemoryEvent | null;
}

export interface Departed extends Explanation {
  memoryId: string;
  /** As it is now; null once deleted. */
  memory: MemoryRow | null;
}

/** How a memory came to be there. */
async function arrivalOf({ db }: Deps, accountId: string, id: string): Promise<MemoryEvent | null> {
  const events = (await readEventsOf(db, accountId, id)).filter(({ memoryId }) => memoryId === id);
  const ofKind = (kind: string) => events.findLast((event) => event.kind === kind);
  return ofKind('REVERTED') ?? ofKind('SUPERSEDED') ?? ofKind('CREATED') ?? null;
}

/** How a memory came to its end; null if it has not. */
async function explainEnd(deps: Deps, scope: Scope, id: string, memory: MemoryRow | null): Promise<Explanation | null> {
  if (!memory) {
    const cause = (await readDeletions(deps.db, scope)).find(({ details }) => namesOf(details).includes(id));
    return { reason: 'DELETED', cause: cause ?? null };
  }
  const state = memoryState(memory, deps.now());
  if (state === 'CURRENT') return null;
  // Its end was announced before, and has come by itself.
  if (state === 'EXPIRED' && memory.knownTo === null) return { reason: 'EXPIRED', cause: null };
  const events = await readEventsOf(deps.db, scope.accountId, id);
  const cause = events.findLast(
    ({ kind, beforeId, memoryId }) => kind === state && (kind === 'SUPERSEDED' ? beforeId : memoryId) === id,
  );
  const arrival =
    cause?.kind === 'SUPERSEDED' && cause.memoryId ? await arrivalOf(deps, scope.accountId, cause.memoryId) : null;
  return arrival?.kind === 'REVERTED'
    ? { reason: 'REVERTED', cause: arrival }
    : { reason: state, cause: cause ?? null };
}

const namesOf = (details: unknown): readonly unknown[] => {
  const { memoryIds } = (details ?? {}) as { memoryIds?: unknown };
  return Array.isArray(memoryIds) ? memoryIds : [];
};

/** What is known of a change when it is to be explained. */
export interface Change {
  scope: Scope;
  /** Memories that are cited no more. */
  gone: readonly string[];
  /** Memories that are cited now, and were not even found before. */
  joined: readonly string[];
  /** A memory that was found before has begun to be valid. */
  hasBegun: boolean;
}

/** What became of memories that supported an answer and do so no more. */
export async function explainDepartures(
  deps: Deps,
  { scope, gone, hasBegun, joined }: Change,
  query?: Projection,
): Promise<Departed[]> {
  const rows = await readMemories(deps.db, { accountId: scope.accountId, boundTenant: scope.tenantId }, gone, query);
  const better: ChangeReason = hasBegun && joined.length === 0 ? 'BEGAN' : 'JOINED';
  return Promise.all(
    gone.map(async (memoryId) => {
      const memory = rows.find(({ id }) => id === memoryId) ?? null;
      const ended = await explainEnd(deps, scope, memoryId, memory);
      return { memoryId, memory, ...(ended ?? { reason: better, cause: null }) };
    }),
  );
}

/** One reason for the whole change: the newest write that ended what was cited, else what came in its place. */
export async function explainChange(
  deps: Deps,
  { scope, joined, hasBegun }: Change,
  departed: readonly Departed[],
): Promise<Explanation> {
  const ended = departed.filter(({ reason }) => reason !== 'JOINED' && reason !== 'BEGAN');
  const [newest] = (ended.length > 0 ? ended : await explainArrivals(deps, scope, joined)).toSorted((a, b) =>
    Number((b.cause?.seq ?? 0n) - (a.cause?.seq ?? 0n)),
  );
  if (newest) return { reason: newest.reason, cause: newest.cause };
  return { reason: hasBegun ? 'BEGAN' : 'JOINED', cause: null };
}

const explainArrivals = (deps: Deps, scope: Scope, ids: readonly string[]): Promise<Explanation[]> =>
  Promise.all(ids.map(async (id) => ({ reason: 'JOINED', cause: await arrivalOf(deps, scope.accountId, id) })));
