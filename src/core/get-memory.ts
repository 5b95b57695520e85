import { z } from 'zod';
import { AppError } from '../errors.js';
import { isMemoryOfSomebody, readMemory, type MemoryRow } from '../store/memories.js';
import type { Caller, Deps, Projection } from './deps.js';
import { parseInput, uuid } from './parse-input.js';

export type { Capture, Memory, MemoryRow } from '../store/memories.js';

const memoryId = z.object({ id: uuid });

/** One memory of the account. @throws AppError INVALID_INPUT (no UUID), FORBIDDEN (another account's), NOT_FOUND */
export async function getMemory(
  { db }: Deps,
  caller: Caller,
  input: { id: unknown },
  query?: Projection,
): Promise<MemoryRow> {
  const { id } = parseInput(memoryId, input);
  return (await readMemory(db, caller.accountId, id, query)) ?? refuseMemory(db, id);
}

/** The contract tells another account's memory (403) from none (404); the ids are random, so there is nothing to guess. */
export async function refuseMemory(db: Deps['db'], id: string): Promise<never> {
  if (await isMemoryOfSomebody(db, id)) throw new AppError('FORBIDDEN', 'This memory belongs to another account.');
  throw new AppError('NOT_FOUND', 'There is no such memory.');
}
