import { z } from 'zod';
import { AppError } from '../errors.js';
import { countMemories, isByValidTime, listMemoryIds, type Page } from '../store/listing.js';
import { readMemories, type MemoryRow } from '../store/memories.js';
import { authorize, tenantOf } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asSeen, isNow } from './get-memory.js';
import { memoryFilter } from './memory-filter.js';
import { asOf, cursor as cursorInput, instant, optional, parseInput } from './parse-input.js';

const MAX_PAGE = 1_000;
const position = z.object({ at: instant, createdSeq: z.bigint() });

export const listMemoriesInput = z.object({
  ...memoryFilter,
  state: optional(z.enum(['CURRENT', 'SUPERSEDED', 'EXPIRED', 'RETRACTED', 'ANY'])),
  asOf,
  atLeast: optional(cursorInput),
  limit: optional(z.number().int().min(1).max(MAX_PAGE)),
  olderThan: optional(position),
  newerThan: optional(position),
  fromOldest: optional(z.boolean()),
});

export type ListMemoriesInput = z.input<typeof listMemoriesInput>;

export interface MemoryPage {
  /** Newest first. */
  memories: readonly MemoryRow[];
  /** Whether they are ordered by valid time (a list as valid at an instant), not by arrival. */
  isByValidTime: boolean;
  /** There is more in the direction of reading. */
  hasMore: boolean;
  /** Events up to this cursor are in the page, and none after it: follow from here and nothing is missed. */
  cursor: bigint;
  count: () => Promise<number>;
}

/** Memories of one tenant, newest first; current ones unless asked otherwise. @throws AppError INVALID_INPUT */
export async function listMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<ListMemoriesInput>,
  query?: Projection,
): Promise<MemoryPage> {
  authorize(caller, 'memories:read');
  const checked = parseInput(listMemoriesInput, input);
  const {
    limit = 100,
    olderThan,
    newerThan,
    fromOldest,
    asOf: cell = {},
    state = 'CURRENT',
    atLeast,
    ...filter
  } = checked;
  assertStateFits(state, cell);
  await awaitCursor(deps, caller, atLeast);
  const { db, now } = deps;
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, filter.tenantId) };
  const view = { asOf: cell, state, now: now() };
  const page: Page = { limit: limit + 1, olderThan, newerThan, fromOldest };
  const isOfNow = state === 'CURRENT' && isNow(cell);
  const { rows, hasMore, cursor } = await readSettled(
    async () => {
      const { ids, seq } = await listMemoryIds(db, scope, filter, view, page);
      const kept = fromOldest ? ids.slice(-limit) : ids.slice(0, limit);
      const rows = await readMemories(db, caller, kept, query);
      return { kept, rows, hasMore: ids.length > limit, cursor: seq };
    },
    ({ kept, rows }) => rows.length === kept.length && !(isOfNow && rows.some(({ knownTo }) => knownTo !== null)),
  );
  return {
    memories: await asSeen(deps, caller, rows, cell),
    isByValidTime: isByValidTime(cell),
    hasMore,
    cursor,
    count: () => countMemories(db, scope, filter, view),
  };
}

const TRIES = 5;

/** Read again where a write fell between the list and its rows, so that the rows are those of the list's cursor. */
async function readSettled<Read>(read: () => Promise<Read>, isSettled: (read: Read) => boolean): Promise<Read> {
  let last = await read();
  for (let i = 1; i < TRIES && !isSettled(last); i++) last = await read();
  return last;
}

function assertStateFits(state: string, asOf: { valid?: Date | undefined; known?: Date | undefined }): void {
  if ((asOf.valid ?? asOf.known) === undefined || state === 'CURRENT' || (state === 'ANY' && !asOf.valid)) return;
  throw new AppError('INVALID_INPUT', 'state: with asOf only CURRENT can be asked for (or ANY, with known alone)', {
    field: 'state',
  });
}
