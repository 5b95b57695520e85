import { AppError } from '../errors.js';
import { readLastSeq } from '../store/events.js';
import type { Caller, Deps } from './deps.js';

const PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 250;

/**
 * Read your writes: waits until this server sees the event at `atLeast` (the cursor that a write returned).
 * @throws AppError CONFLICT when it does not within five seconds
 */
export async function awaitCursor({ db, wakeups }: Deps, caller: Caller, atLeast: bigint | undefined): Promise<void> {
  if (atLeast === undefined) return;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  while ((await readLastSeq(db, caller.accountId)) < atLeast) {
    if (patience.aborted) {
      throw new AppError('CONFLICT', 'atLeast: this cursor has not been reached', { field: 'atLeast' });
    }
    await wakeups.next(caller.accountId, LOOK_AGAIN_MS, patience);
  }
}
