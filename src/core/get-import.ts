import { z } from 'zod';
import { AppError } from '../errors.js';
import { asNamed } from './request-names.js';
import { readImport, type MemoryImport } from '../store/imports.js';
import { authorize } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import { parseInput, uuid } from './parse-input.js';

const importView = z.object({ id: uuid });

/** How far an import of the account has come. @throws AppError INVALID_INPUT (no UUID), NOT_FOUND */
export async function getImport(
  { db }: Pick<Deps, 'db'>,
  caller: Caller,
  input: { id: unknown },
): Promise<MemoryImport> {
  authorize(caller, 'memories:write');
  const { id } = parseInput(importView, input);
  const found = await readImport(db, caller, id);
  if (found) return asNamed(found);
  throw new AppError('NOT_FOUND', 'There is no such import.', { field: 'id' });
}
