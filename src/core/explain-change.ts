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

/** Why a memory supports the answer no more. */
async function explainDeparture(deps: Deps, scope: Scope, id: string, memory: MemoryRow | null): Promise<Explanation> {
  if (!memory) {
    const cause = (await readDeletions(deps.db, scope)).find(({ details }) => namesOf(details).includes(id));
    return { reason: 'DELETED', cause: cause ?? null };
  }
  const state = memoryState(memory, deps.now());
  if (state === 'CURRENT') return { reason: 'JOINED', cause: null };
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

/** What became of memories that supported an answer and do so no more. */
export async function explainDepartures(
  deps: Deps,
  scope: Scope,
  ids: readonly string[],
  query?: Projection,
): Promise<Departed[]> {
  const rows = await readMemories(deps.db, scope.accountId, ids, query);
  return Promise.all(
    ids.map(async (memoryId) => {
      const memory = rows.find(({ id }) => id === memoryId) ?? null;
      return { memoryId, memory, ...(await explainDeparture(deps, scope, memoryId, memory)) };
    }),
  );
}

/** One reason for the whole change: the newest write behind it, else an instant that passed. */
export async function explainChange(
  deps: Deps,
  scope: Scope,
  departed: readonly Departed[],
  arrived: readonly { id: string; isNew: boolean }[],
): Promise<Explanation> {
  const ended = departed.filter(({ reason }) => reason !== 'JOINED').map(({ reason, cause }) => ({ reason, cause }));
  const joined = await Promise.all(
    arrived
      .filter(({ isNew }) => isNew)
      .map(async ({ id }): Promise<Explanation> => ({
        reason: 'JOINED',
        cause: await arrivalOf(deps, scope.accountId, id),
      })),
  );
  const [first] = [...(ended.length > 0 ? ended : joined)].sort((a, b) =>
    Number((b.cause?.seq ?? 0n) - (a.cause?.seq ?? 0n)),
  );
  return first ?? { reason: departed.length > 0 ? 'JOINED' : 'BEGAN', cause: null };
}
