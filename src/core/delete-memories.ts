import { z } from 'zod';
import { AppError } from '../errors.js';
import { deleteMemories as deleteStored, type DeletionScope } from '../store/deletion.js';
import { withLedger } from '../store/ledger.js';
import { authorize, tenantOf } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { getMemory } from './get-memory.js';
import { optional, parseInput, sessionId, tenantId, uuid } from './parse-input.js';

export const deleteInput = z
  .object({ memoryId: optional(uuid), sessionId, tenantId, allTenants: optional(z.boolean()) })
  .refine(
    ({ memoryId, sessionId: session, allTenants, tenantId: tenant }) =>
      memoryId !== undefined
        ? session === undefined && tenant === undefined && !allTenants
        : !(allTenants && tenant !== undefined),
    { error: 'give memoryId alone, or sessionId and tenantId, or allTenants', path: ['memoryId'] },
  );

export type DeleteMemoriesInput = z.input<typeof deleteInput>;

export interface DeleteMemoriesResult {
  deletedCount: number;
  cursor: bigint;
}

/** An event names at most this many of the deleted; the count is always whole. */
const MAX_NAMED = 1_000;

/**
 * Deletes for good: one memory, one session, one tenant (the default one, if none is named), or all of the account. What
 * remains is an event with ids and a count. @throws AppError INVALID_INPUT; NOT_FOUND and FORBIDDEN for one memory
 */
export async function deleteMemories(
  deps: Deps,
  caller: Caller,
  input: Unchecked<DeleteMemoriesInput>,
): Promise<DeleteMemoriesResult> {
  authorize(caller, 'memories:write');
  const checked = parseInput(deleteInput, input);
  const scope = await toScope(deps, caller, checked);
  const { result, cursor } = await withLedger(deps.db, caller, deps.now, async (tx, ledger) => {
    const { ids } = await deleteStored(tx, scope);
    const details = {
      deletedCount: ids.length,
      memoryIds: ids.slice(0, MAX_NAMED),
      allTenants: scope.tenantId === undefined,
    };
    if (ids.length > 0) ledger.append({ kind: 'DELETED', tenantId: scope.tenantId ?? '', details });
    return ids.length;
  });
  return { deletedCount: result, cursor };
}

async function toScope(
  deps: Deps,
  caller: Caller,
  { memoryId, sessionId: session, tenantId: tenant, allTenants }: z.output<typeof deleteInput>,
): Promise<DeletionScope> {
  const { accountId, boundTenant } = caller;
  if (memoryId !== undefined) {
    const memory = await getMemory(deps, caller, { id: memoryId }, {}, 'memoryId');
    return { accountId, memoryId, tenantId: memory.tenantId };
  }
  if (allTenants && boundTenant !== undefined)
    throw new AppError('FORBIDDEN', 'allTenants: this API key is bound to one', { field: 'allTenants' });
  return { accountId, sessionId: session, tenantId: allTenants ? undefined : tenantOf(caller, tenant) };
}
