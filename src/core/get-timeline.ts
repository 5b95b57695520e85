import { z } from 'zod';
import { readChainOf, type ChainRow } from '../store/chains.js';
import type { Caller, Deps, Projection } from './deps.js';
import { refuseMemory } from './get-memory.js';
import { parseInput, uuid } from './parse-input.js';

const timelineInput = z.object({ memoryId: uuid });

/**
 * The timeline of a memory, whichever of its versions is asked for: its chain, with the versions oldest first where no
 * projection asks for something else. @throws AppError as getMemory
 */
export async function getTimeline(
  { db }: Deps,
  caller: Caller,
  input: { memoryId: unknown },
  query?: Projection,
): Promise<ChainRow> {
  const { memoryId } = parseInput(timelineInput, input);
  return (await readChainOf(db, caller.accountId, memoryId, query)) ?? refuseMemory(db, memoryId);
}
