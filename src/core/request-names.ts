import { createHash } from 'node:crypto';
import type { MemoryImport } from '../store/imports.js';
import type { Caller } from './deps.js';

const PREFIX_LENGTH = 17;

/**
 * A caller's name for a request as it is stored: one name of two callers, of which one is bound to a tenant, names two requests.
 * Neither then learns of the other's.
 */
export function storedName({ boundTenant }: Pick<Caller, 'boundTenant'>, name: string): string {
  if (boundTenant === undefined) return name;
  const binding = createHash('sha256').update(boundTenant).digest('hex');
  return `${binding.slice(0, PREFIX_LENGTH - 1)}:${name}`;
}

/** An import under the name that its caller gave it. */
export const asNamed = (row: MemoryImport): MemoryImport =>
  row.boundTenant === null ? row : { ...row, key: row.key.slice(PREFIX_LENGTH) };
