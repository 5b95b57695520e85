import { z } from 'zod';
import { visibleInChain } from '../store/beliefs.js';
import { readChainOf, readVersionsOf, type ChainRow } from '../store/chains.js';
import { authorize } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asSeen, isNow, refuseMemory, type MemoryRow } from './get-memory.js';
import { asOf, cursor, optional, parseInput, uuid } from './parse-input.js';

export const timelineInput = z.object({ memoryId: uuid, asOf, atLeast: optional(cursor) });
type TimelineInput = Unchecked<z.input<typeof timelineInput>>;

/**
 * The timeline of a memory, whichever of its versions is asked for: its chain, with what is selected of it. With `asOf.known` the versions known then, with their windows as believed then;
 * with `asOf.valid` those that were true then. @throws AppError as getMemory
 */
export async function getTimeline(
  deps: Deps,
  caller: Caller,
  input: TimelineInput,
  query: Projection,
): Promise<ChainRow> {
  return seen(deps, caller, input, (memoryId) => readChainOf(deps.db, caller, memoryId, query));
}

/** The same as a list of the versions, oldest first, each whole. @throws AppError as getMemory */
export async function listVersions(deps: Deps, caller: Caller, input: TimelineInput): Promise<readonly MemoryRow[]> {
  const { memories } = await seen(deps, caller, input, (memoryId) => readVersionsOf(deps.db, caller, memoryId));
  return memories;
}

/** A chain as a cell of time shows it. */
async function seen<Row extends { id: string; memories?: MemoryRow[] }>(
  deps: Deps,
  caller: Caller,
  input: TimelineInput,
  read: (memoryId: string) => Promise<Row | null>,
): Promise<Row> {
  authorize(caller, 'memories:read');
  const { memoryId, asOf: cell = {}, atLeast } = parseInput(timelineInput, input);
  await awaitCursor(deps, caller, atLeast);
  const chain = (await read(memoryId)) ?? (await refuseMemory(deps.db, caller, memoryId, 'memoryId'));
  if (isNow(cell)) return chain;
  const visible = new Set(await visibleInChain(deps.db, caller.accountId, chain.id, cell, deps.now()));
  const [shown = chain] = await asSeen(deps, caller, [chain], cell);
  return { ...shown, ...(shown.memories && { memories: shown.memories.filter(({ id }) => visible.has(id)) }) };
}
