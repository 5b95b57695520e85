import { createHash, randomUUID } from 'node:crypto';
import { AppError, isOutage } from '../errors.js';
import type { Tx } from '../store/client.js';
import { claimKey, completeKey, releaseKey, renewKey, type HeldKey } from '../store/idempotency-keys.js';
import type { Caller, Deps } from './deps.js';
import { outlast } from './outlast.js';
import { storedName } from './request-names.js';
import { whateverTheTime } from './within-time.js';

const REMEMBERED_MS = 24 * 3_600_000;
/** A request that runs says so in each of these... */
const RENEW_MS = 5_000;
/** ...and is taken for dead when it has not for so long. */
const LEASE_MS = 15_000;
/** Clocks of servers differ by less: what is leased for longer was leased before the clock jumped back. */
const LONGEST_LEASE_MS = 60_000;
/** Longer than any write of an earlier version can take, which has no lease. */
const STALE_MS = 15 * 60_000;
/** How long a key is tried to be given back. */
const RELEASE_MS = 120_000;

interface Request {
  /** Undefined: the request is not to be remembered. */
  key: string | undefined;
  tenantId: string;
  /** The checked input, without the key. */
  input: object;
}

/** Stores the reply, in the transaction of the write. @throws AppError CONFLICT where another request has taken the key over */
export type Complete = (tx: Tx, reply: object) => Promise<void>;

/**
 * Runs a write once per key: the same request again gives the stored reply for 24 hours, through `replay`. The reply is
 * stored by `run` itself, in its transaction. As in the IETF draft "The Idempotency-Key HTTP Header Field".
 *
 * Whoever runs it renews a lease on the key. One that stalled for longer than that (its machine slept, the database was away) may
 * find its request run by another: `complete` says so before anything of it is committed, and it steps back.
 * @throws AppError INVALID_INPUT for the same key with another body, CONFLICT while the first request runs
 */
export async function writeOnce<Result>(
  deps: Pick<Deps, 'db' | 'now'>,
  caller: Caller,
  { key, tenantId, input }: Request,
  run: (complete?: Complete) => Promise<Result>,
  replay: (reply: unknown) => Promise<Result>,
): Promise<Result> {
  if (key === undefined) return run();
  const held = { accountId: caller.accountId, key: storedName(caller, key), runner: randomUUID() };
  const at = deps.now();
  const after = (ms: number): Date => new Date(at.getTime() + ms);
  const stored = await claimKey(deps.db, {
    ...held,
    tenantId,
    requestHash: hashOf(input),
    now: at,
    leasedUntil: after(LEASE_MS),
    longestLease: after(LONGEST_LEASE_MS),
    staleBefore: after(-STALE_MS),
    forgottenBefore: after(-REMEMBERED_MS),
  });
  return stored ? replay(repeatable(stored, input)) : runHolding(deps, held, run);
}

async function runHolding<Result>(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  held: HeldKey,
  run: (complete: Complete) => Promise<Result>,
): Promise<Result> {
  const renew = (): void => {
    // The next one comes soon; and who can not reach the database commits nothing.
    whateverTheTime(() => renewKey(db, held, new Date(now().getTime() + LEASE_MS))).catch(() => undefined);
  };
  const renewing = setInterval(renew, RENEW_MS).unref();
  try {
    return await run(async (tx, reply) => {
      if (await completeKey(tx, held, reply)) return;
      const message = 'idempotencyKey: another request with it went first, as this one said nothing for long';
      throw new AppError('CONFLICT', message, { field: 'idempotencyKey' });
    });
  } catch (error) {
    // Of a write that an outage broke off nobody knows how it ended: once the database is back, a key without a reply says so.
    // One whose time is up has none left for this either.
    const released = whateverTheTime(() => outlast(() => releaseKey(db, held), AbortSignal.timeout(RELEASE_MS)));
    if (isOutage(error)) released.catch(() => undefined);
    else await released;
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

const hashOf = (input: object): string => createHash('sha256').update(JSON.stringify(input)).digest('hex');

function repeatable({ requestHash, reply }: { requestHash: string; reply: unknown }, input: object): unknown {
  const field = 'idempotencyKey';
  if (requestHash !== hashOf(input)) {
    throw new AppError('INVALID_INPUT', 'idempotencyKey: was used for another request', { field });
  }
  if (reply === null)
    throw new AppError('CONFLICT', 'idempotencyKey: the first request with it is still running', { field });
  return reply;
}
