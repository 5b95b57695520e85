import type { MemoryImport } from '../store/imports.js';
import type { Caller, Deps } from './deps.js';
import { getImport } from './get-import.js';
import { outlast } from './outlast.js';

/** A lost hint costs a reader at most this. */
const POLL_MS = 5_000;

/**
 * An import as it is now, then each time it has come further, until it is done or has failed. Pulled: who asks slowly is told
 * of several batches at once. @throws AppError as getImport
 */
export async function* followImport(
  deps: Deps,
  caller: Caller,
  input: { id: unknown },
  signal: AbortSignal,
): AsyncGenerator<MemoryImport> {
  const ending = new AbortController(); // else the last wait would outlive a feed that ended by itself
  const stop = AbortSignal.any([signal, ending.signal]);
  let told: MemoryImport | undefined;
  try {
    while (!signal.aborted) {
      const woken = deps.wakeups.next(caller.accountId, POLL_MS, stop); // armed before the read, so that nothing falls between
      const now = await outlast(() => getImport(deps, caller, input), signal);
      if (!told || hasMoved(told, now)) yield (told = now);
      if (now.state !== 'RUNNING') return;
      await woken;
    }
  } finally {
    ending.abort();
  }
}

const hasMoved = (before: MemoryImport, { rowsDone, state }: MemoryImport): boolean =>
  before.rowsDone !== rowsDone || before.state !== state;
