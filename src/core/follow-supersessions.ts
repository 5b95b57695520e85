import { z } from 'zod';
import { AppError } from '../errors.js';
import { readEventsAfter, readLastSeq, type MemoryEvent } from '../store/events.js';
import type { Caller, Deps } from './deps.js';
import { optional, parseInput } from './parse-input.js';

export type { EventKind } from '../store/ledger.js';

/** A lost hint costs a reader at most this. */
const POLL_MS = 5_000;
const BATCH = 100;

const followInput = z.object({ after: optional(z.bigint().min(0n)) });

/** The first item says that the feed is on, and from which cursor. */
export type FeedItem = { kind: 'OPENED'; cursor: bigint } | { kind: 'EVENT'; event: MemoryEvent };

/**
 * Every supersession committed after `after` (default: from now on), in commit order, each once, for as long as the
 * caller keeps asking. Pulled: a slow reader costs nothing but its own delay. @throws AppError INVALID_INPUT
 */
export async function* followSupersessions(
  { db, wakeups }: Deps,
  { accountId }: Caller,
  input: { after?: unknown },
  signal: AbortSignal,
): AsyncGenerator<FeedItem> {
  const { after } = parseInput(followInput, input);
  const newest = await readLastSeq(db, accountId);
  if (after !== undefined && after > newest) {
    throw new AppError('INVALID_INPUT', 'after: is a cursor that this account has not reached', { field: 'after' });
  }
  let cursor = after ?? newest;
  yield { kind: 'OPENED', cursor };
  let woken: Promise<void> | undefined;
  while (!signal.aborted) {
    woken ??= wakeups.next(accountId, POLL_MS, signal); // armed before the read, so that nothing falls between
    const events = await readEventsAfter(db, accountId, cursor, BATCH);
    for (const event of events) {
      cursor = event.seq;
      if (event.kind === 'SUPERSEDED') yield { kind: 'EVENT', event };
    }
    if (events.length > 0) continue; // one wait at a time: a long history would arm one per batch
    await woken;
    woken = undefined;
  }
}
