import { markCleared, readUncleared } from '../store/erasure-certificates.js';
import { vacuum, type Vacuumed } from '../store/vacuum.js';
import type { Deps } from './deps.js';

export interface VacuumErased extends Vacuumed {
  /** Certificates of which the files hold nothing any more. */
  cleared: number;
}

/**
 * Clears the database's files of what was erased and deleted: until then it lies there in rows that nobody can read any more. Each
 * table is locked while it is written anew. For operators. @throws AppError CONFLICT, FORBIDDEN; see `vacuum`
 */
export async function vacuumErased({ db, now }: Pick<Deps, 'db' | 'now'>): Promise<VacuumErased> {
  // Read first: what is erased meanwhile may come too late for a table that is done.
  const certificates = await readUncleared(db);
  const done = await vacuum(db);
  if (!done.isWalCleared) return { ...done, cleared: 0 }; // the log may still hold it
  await markCleared(db, certificates, now());
  return { ...done, cleared: certificates.length };
}
