import { z } from 'zod';
import { visibleInChain } from '../store/beliefs.js';
import { readChainOf, type ChainRow } from '../store/chains.js';
import { authorize } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asSeen, isNow, refuseMemory } from './get-memory.js';
import { asOf, cursor, optional, parseInput, uuid } from './parse-input.js';

export const timelineInput = z.object({ memoryId: uuid, asOf, atLeast: optional(cursor) });

/**
 * The timeline of a memory, whichever of its versions is asked for: its chain, with the versions oldest first where no
 * projection asks for something else. With `asOf.known` the versions known then, with their windows as believed then;
 * with `asOf.valid` those that were true then. @throws AppError as getMemory
 */
export async function getTimeline(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof timelineInput>>,
  query?: Projection,
): Promise<ChainRow> {
  authorize(caller, 'memories:read');
  const { memoryId, asOf: cell = {}, atLeast } = parseInput(timelineInput, input);
  await awaitCursor(deps, caller, atLeast);
  const chain =
    (await readChainOf(deps.db, caller, memoryId, query)) ??
    (await refuseMemory(deps.db, caller, memoryId, 'memoryId'));
  if (isNow(cell)) return chain;
  const visible = new Set(await visibleInChain(deps.db, caller.accountId, chain.id, cell, deps.now()));
  const [seen = chain] = await asSeen(deps, caller, [chain], cell);
  return { ...seen, ...(seen.memories && { memories: seen.memories.filter(({ id }) => visible.has(id)) }) };
}
