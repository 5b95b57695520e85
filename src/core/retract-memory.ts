import { z } from 'zod';
import { AppError } from '../errors.js';
import { withLedger } from '../store/ledger.js';
import { closeWindow, readMemory } from '../store/memories.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { getMemory, type MemoryRow } from './get-memory.js';
import { parseInput, text, uuid } from './parse-input.js';

const retractInput = z.object({ memoryId: uuid, reason: text(1_000) });

export interface RetractMemoryResult {
  memory: MemoryRow;
  cursor: bigint;
}

/**
 * Says that a memory was never true, which is not "true until". Its window becomes empty for everyone who asks from now
 * on; who asks as of earlier still sees what was believed. What it had replaced stays replaced (see revertSupersession).
 * @throws AppError INVALID_INPUT, NOT_FOUND, FORBIDDEN; CONFLICT when it is retracted already
 */
export async function retractMemory(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof retractInput>>,
  query?: Projection,
): Promise<RetractMemoryResult> {
  authorize(caller, 'memories:write');
  const { memoryId, reason } = parseInput(retractInput, input);
  await getMemory(deps, caller, { id: memoryId }, {}, 'memoryId');
  const { cursor } = await withLedger(deps.db, caller, deps.now, async (tx, ledger) => {
    const memory = await readMemory(tx, caller, memoryId, {});
    if (!memory) throw new AppError('NOT_FOUND', 'There is no such memory.');
    if (memory.retractedAt) throw new AppError('CONFLICT', 'memoryId: is retracted already', { field: 'memoryId' });
    const { id, validFrom, supersededById, tenantId, topic, source } = memory;
    const where = { accountId: caller.accountId, at: ledger.at };
    await closeWindow(tx, where, { id, validTo: validFrom, supersededById, isRetracted: true });
    ledger.append({ kind: 'RETRACTED', tenantId, topic, source, memoryId, reason });
  });
  return { memory: await getMemory(deps, caller, { id: memoryId }, query), cursor };
}
