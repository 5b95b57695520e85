import { z } from 'zod';
import { AppError } from '../errors.js';
import { asKnownAt, isVisible, type AsOf } from '../store/beliefs.js';
import { isMemoryOfSomebody, readMemory, type MemoryRow } from '../store/memories.js';
import { authorize } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { asOf, cursor, optional, parseInput, uuid } from './parse-input.js';

export type { Capture, Memory, MemoryRow } from '../store/memories.js';

const viewInput = z.object({ id: uuid, asOf, atLeast: optional(cursor) });

/**
 * One memory of the account, in whatever state. `field`: what to call its id in errors.
 * @throws AppError INVALID_INPUT (no UUID), FORBIDDEN (another account's), NOT_FOUND
 */
export async function getMemory(
  { db }: Deps,
  caller: Caller,
  input: { id: unknown },
  query?: Projection,
  field = 'id',
): Promise<MemoryRow> {
  const { [field]: id = '' } = parseInput(z.object({ [field]: uuid }), { [field]: input.id });
  return (await readMemory(db, caller, id, query)) ?? refuseMemory(db, caller, id, field);
}

/** One memory as of a cell of time; null where it was not valid, or not known, at that cell. @throws AppError as getMemory */
export async function viewMemory(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof viewInput>>,
  query?: Projection,
): Promise<MemoryRow | null> {
  authorize(caller, 'memories:read');
  const { id, asOf: cell = {}, atLeast } = parseInput(viewInput, input);
  await awaitCursor(deps, caller, atLeast);
  const memory = await getMemory(deps, caller, { id }, query);
  if (isNow(cell)) return memory;
  if (!(await isVisible(deps.db, caller.accountId, id, cell, deps.now()))) return null;
  const [seen = null] = await asSeen(deps, caller, [memory], cell);
  return seen;
}

export const isNow = ({ valid, known }: AsOf): boolean => valid === undefined && known === undefined;

/** Rows as that cell of time shows them. */
export const asSeen = async <Row extends object>(
  { db }: Deps,
  caller: Caller,
  rows: readonly Row[],
  { known }: AsOf,
): Promise<Row[]> => (known ? asKnownAt(db, caller.accountId, rows, known) : [...rows]);

/**
 * The contract tells another account's memory (403) from none (404); the ids are random, so there is nothing to guess. Who is bound
 * to a tenant is told of none but its own.
 */
export async function refuseMemory(db: Deps['db'], { boundTenant }: Caller, id: string, field = 'id'): Promise<never> {
  if (boundTenant === undefined && (await isMemoryOfSomebody(db, id))) {
    throw new AppError('FORBIDDEN', 'This memory belongs to another account.', { field });
  }
  throw new AppError('NOT_FOUND', 'There is no such memory.', { field });
}
