import { createHash } from 'node:crypto';
import { AppError, isOutage } from '../errors.js';
import { claimKey, releaseKey } from '../store/idempotency-keys.js';
import type { Caller, Deps } from './deps.js';
import { outlast } from './outlast.js';
import { storedName } from './request-names.js';

const REMEMBERED_MS = 24 * 3_600_000;
/** Longer than any write can take: its model calls have deadlines. */
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

/**
 * Runs a write once per key: the same request again gives the stored reply for 24 hours, through `replay`. The reply is
 * stored by `run` itself, in its transaction. As in the IETF draft "The Idempotency-Key HTTP Header Field".
 * @throws AppError INVALID_INPUT for the same key with another body, CONFLICT while the first request runs
 */
export async function writeOnce<Result>(
  { db, now }: Deps,
  caller: Caller,
  { key: given, tenantId, input }: Request,
  run: () => Promise<Result>,
  replay: (reply: unknown) => Promise<Result>,
): Promise<Result> {
  if (given === undefined) return run();
  const { accountId } = caller;
  const key = storedName(caller, given);
  const at = now();
  const stored = await claimKey(db, {
    accountId,
    key,
    tenantId,
    requestHash: hashOf(input),
    now: at,
    staleBefore: new Date(at.getTime() - STALE_MS),
    forgottenBefore: new Date(at.getTime() - REMEMBERED_MS),
  });
  if (stored) return replay(repeatable(stored, input));
  try {
    return await run();
  } catch (error) {
    // Of a write that an outage broke off nobody knows how it ended: once the database is back, a key without a reply says so.
    const released = outlast(() => releaseKey(db, accountId, key), AbortSignal.timeout(RELEASE_MS));
    if (isOutage(error)) released.catch(() => undefined);
    else await released;
    throw error;
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
