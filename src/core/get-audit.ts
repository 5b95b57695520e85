import { z } from 'zod';
import { readEventsOf, type MemoryEvent } from '../store/events.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { getMemory, type Capture, type MemoryRow } from './get-memory.js';
import { parseInput, uuid } from './parse-input.js';

export type { MemoryEvent } from '../store/events.js';

const auditInput = z.object({ memoryId: uuid });

export interface Audit {
  memory: MemoryRow & { capture: Capture };
  /** Every event of the memory, oldest first; of a supersession both sides have it. */
  events: readonly MemoryEvent[];
}

/** Where a memory came from, how it was extracted, and all that happened to it. @throws AppError as getMemory */
export async function getAudit(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof auditInput>>,
): Promise<Audit> {
  authorize(caller, 'memories:read');
  const { memoryId } = parseInput(auditInput, input);
  const memory = await getMemory(deps, caller, { id: memoryId }, undefined, 'memoryId');
  const { capture } = memory;
  if (!capture) throw new Error('a memory was read without its capture');
  return { memory: { ...memory, capture }, events: await readEventsOf(deps.db, caller.accountId, memoryId) };
}
