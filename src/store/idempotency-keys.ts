import type { Db, Tx } from './client.js';

/** A key as one request holds it. */
export interface HeldKey {
  accountId: string;
  key: string;
  /** Made up by the request: whoever takes its key over has another. */
  runner: string;
}

export interface KeyClaim extends HeldKey {
  tenantId: string;
  requestHash: string;
  now: Date;
  leasedUntil: Date;
  /** A lease that ends later than this was taken before the clock jumped back. */
  longestLease: Date;
  /** A request of an earlier version, which has no lease, that began before this and never ended died. */
  staleBefore: Date;
  /** Replies older than this are forgotten. */
  forgottenBefore: Date;
}

export interface StoredReply {
  requestHash: string;
  /** Null while the first request is still running. */
  reply: unknown;
}

/** Takes the key for a request; or gives what is stored under it. One of any number of rivals gets it. */
export async function claimKey(db: Db, claim: KeyClaim): Promise<StoredReply | null> {
  const { accountId, key, tenantId, requestHash, runner, now, leasedUntil } = claim;
  const taken = await db.$queryRaw<unknown[]>`
    INSERT INTO idempotency_keys AS k (account_id, key, tenant_id, request_hash, created_at, runner, leased_until)
    VALUES (${accountId}::uuid, ${key}, ${tenantId}, ${requestHash}, ${now}::timestamptz, ${runner}::uuid, ${leasedUntil}::timestamptz)
    ON CONFLICT (account_id, key) DO UPDATE
      SET request_hash = excluded.request_hash, tenant_id = excluded.tenant_id, reply = NULL, created_at = excluded.created_at,
          runner = excluded.runner, leased_until = excluded.leased_until
      WHERE k.created_at < ${claim.forgottenBefore}::timestamptz
        OR (k.reply IS NULL AND coalesce(
              k.leased_until NOT BETWEEN ${now}::timestamptz AND ${claim.longestLease}::timestamptz,
              k.created_at < ${claim.staleBefore}::timestamptz))
    RETURNING 1`;
  if (taken.length > 0) return null;
  const stored = await db.idempotencyKey.findUnique({ where: { accountId_key: { accountId, key } } });
  // Gone between the two statements: the first request just failed and gave the key back. Still "running" to this one.
  return { requestHash: stored?.requestHash ?? requestHash, reply: stored?.reply ?? null };
}

/** Says that the request still runs. Of a key that was taken over it says nothing. */
export async function renewKey(db: Db, { accountId, key, runner }: HeldKey, leasedUntil: Date): Promise<void> {
  await db.$executeRaw`
    UPDATE idempotency_keys SET leased_until = ${leasedUntil}::timestamptz
    WHERE account_id = ${accountId}::uuid AND key = ${key} AND runner = ${runner}::uuid AND reply IS NULL`;
}

/**
 * Stores the reply, in the write's own transaction: both are there, or neither. False where another request has taken the key
 * over meanwhile, or it was erased: then nothing may be written. One that would take it over from now on waits for this transaction.
 */
export async function completeKey(tx: Tx, { accountId, key, runner }: HeldKey, reply: object): Promise<boolean> {
  const { count } = await tx.idempotencyKey.updateMany({
    where: { accountId, key, runner },
    data: { reply },
  });
  return count > 0;
}

/** Gives the key back after a failure: nothing was written, so the request may be sent again. */
export async function releaseKey(db: Db, { accountId, key, runner }: HeldKey): Promise<void> {
  await db.$executeRaw`
    DELETE FROM idempotency_keys
    WHERE account_id = ${accountId}::uuid AND key = ${key} AND runner = ${runner}::uuid AND reply IS NULL`;
}
