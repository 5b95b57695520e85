import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Tx } from '../store/client.js';
import { withLedger, type Ledger, type NewEvent } from '../store/ledger.js';
import { closeWindow, mergeChains, readMemory, readVersionsBeside, type Memory } from '../store/memories.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { getMemory, type MemoryRow } from './get-memory.js';
import { instant, optional, parseInput, uuid } from './parse-input.js';
import { leadsTo } from './rules/succession.js';

export const supersedeInput = z
  .object({ memoryId: uuid, supersededBy: optional(uuid), validTo: optional(instant) })
  .refine(({ supersededBy, validTo }) => supersededBy !== undefined || validTo !== undefined, {
    error: 'give supersededBy, validTo, or both',
  })
  .refine(({ memoryId, supersededBy }) => memoryId !== supersededBy, {
    error: 'a memory can not supersede itself',
    path: ['supersededBy'],
  });

export type SupersedeMemoryInput = z.input<typeof supersedeInput>;
type Checked = z.output<typeof supersedeInput>;

export interface SupersedeMemoryResult {
  memory: MemoryRow;
  /** Null when it only expires. */
  supersededById: string | null;
  validTo: Date;
  cursor: bigint;
}

/**
 * Closes a memory by hand: replaced by another (`supersededBy`, from now unless `validTo` says when), or merely true until
 * (`validTo`, which may lie ahead). Memories of two chains become one chain.
 * @throws AppError INVALID_INPUT, NOT_FOUND, FORBIDDEN; CONFLICT when it is closed already or the link would close a circle
 */
export async function supersedeMemory(
  deps: Deps,
  caller: Caller,
  input: Unchecked<SupersedeMemoryInput>,
  query?: Projection,
): Promise<SupersedeMemoryResult> {
  authorize(caller, 'memories:write');
  const checked = parseInput(supersedeInput, input);
  await getMemory(deps, caller, { id: checked.memoryId }, {}, 'memoryId');
  if (checked.supersededBy !== undefined)
    await getMemory(deps, caller, { id: checked.supersededBy }, {}, 'supersededBy');
  const { result, cursor } = await withLedger(deps.db, caller, deps.now, (tx, ledger) =>
    closeMemory(tx, ledger, caller, checked),
  );
  const memory = await getMemory(deps, caller, { id: checked.memoryId }, query);
  return { memory, supersededById: checked.supersededBy ?? null, validTo: result, cursor };
}

/** What caused a supersession, besides the caller. */
type Cause = Pick<NewEvent, 'verdict' | 'confidence' | 'reason' | 'model' | 'details'>;

/** Closes a memory under the account's lock, and gives its end. */
export async function closeMemory(
  tx: Tx,
  ledger: Ledger,
  caller: Caller,
  checked: Checked,
  cause: Cause = {},
): Promise<Date> {
  const { accountId } = caller;
  const old = await readOpen(tx, caller, checked.memoryId);
  const validTo = endOf(old, checked.validTo, ledger.at);
  const successor = await readSuccessor(tx, accountId, old, checked.supersededBy);
  const supersededById = successor?.id ?? null;
  const isStillCurrent = !successor && validTo > ledger.at;
  await closeWindow(tx, { accountId, at: ledger.at }, { id: old.id, validTo, supersededById, isStillCurrent });
  if (successor && successor.chainId !== old.chainId)
    await mergeChains(tx, accountId, successor.chainId, [old.chainId]);
  const { tenantId, topic, source } = successor ?? old;
  const details = { ...cause.details, validTo: validTo.toISOString() };
  const about = { tenantId, topic, source, ...cause, details };
  ledger.append(
    successor
      ? { kind: 'SUPERSEDED', ...about, memoryId: successor.id, beforeId: old.id }
      : { kind: 'EXPIRED', ...about, memoryId: old.id },
  );
  return validTo;
}

async function readOpen(tx: Tx, caller: Caller, id: string): Promise<Memory> {
  const memory = await readMemory(tx, caller, id, {});
  if (!memory) throw new AppError('NOT_FOUND', 'There is no such memory.');
  if (memory.retractedAt) throw new AppError('CONFLICT', 'memoryId: this memory was retracted', { field: 'memoryId' });
  if (memory.knownTo) throw new AppError('CONFLICT', 'memoryId: this memory is closed already', { field: 'memoryId' });
  return memory;
}

function endOf(old: Memory, asked: Date | undefined, now: Date): Date {
  if (asked && asked < old.validFrom) {
    throw new AppError('INVALID_INPUT', 'validTo: lies before the memory began to be valid', { field: 'validTo' });
  }
  if (asked) return asked;
  // An announced end that has passed stays the end: the gap after it is real.
  const end = old.validTo && old.validTo < now ? old.validTo : now;
  return end < old.validFrom ? old.validFrom : end;
}

async function readSuccessor(tx: Tx, accountId: string, old: Memory, id: string | undefined): Promise<Memory | null> {
  if (id === undefined) return null;
  const refuse = (code: 'INVALID_INPUT' | 'CONFLICT', why: string) =>
    new AppError(code, `supersededBy: ${why}`, { field: 'supersededBy' });
  const versions = await readVersionsBeside(tx, accountId, [id]);
  const successor = versions.find((version) => version.id === id);
  if (!successor) throw new AppError('NOT_FOUND', 'There is no such memory.', { field: 'supersededBy' });
  if (successor.tenantId !== old.tenantId) throw refuse('INVALID_INPUT', 'belongs to another tenant');
  if (successor.retractedAt) throw refuse('CONFLICT', 'that memory was retracted');
  if (leadsTo(versions, successor.id, old.id))
    throw refuse('CONFLICT', 'that memory is an earlier version of this one');
  return successor;
}
