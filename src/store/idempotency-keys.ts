import type { Db, Tx } from './client.js';

export interface KeyClaim {
  accountId: string;
  key: string;
  tenantId: string;
  requestHash: string;
  now: Date;
  /** A request that began before this and never ended died: its key may be taken over. */
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
  const { accountId, key, tenantId, requestHash, now, staleBefore, forgottenBefore } = claim;
  const taken = await db.$queryRaw<unknown[]>`
    INSERT INTO idempotency_keys AS k (account_id, key, tenant_id, request_hash, created_at)
    VALUES (${accountId}::uuid, ${key}, ${tenantId}, ${requestHash}, ${now}::timestamptz)
    ON CONFLICT (account_id, key) DO UPDATE
      SET request_hash = excluded.request_hash, tenant_id = excluded.tenant_id, reply = NULL, created_at = excluded.created_at
      WHERE k.created_at < ${forgottenBefore}::timestamptz OR (k.reply IS NULL AND k.created_at < ${staleBefore}::timestamptz)
    RETURNING 1`;
  if (taken.length > 0) return null;
  const stored = await db.idempotencyKey.findUnique({ where: { accountId_key: { accountId, key } } });
  // Gone between the two statements: the first request just failed and gave the key back. Still "running" to this one.
  return { requestHash: stored?.requestHash ?? requestHash, reply: stored?.reply ?? null };
}

/** Stores the reply, in the write's own transaction: both are there, or neither. */
export async function completeKey(tx: Tx, accountId: string, key: string, reply: object): Promise<void> {
  await tx.idempotencyKey.update({
    where: { accountId_key: { accountId, key } },
    data: { reply: reply },
  });
}

/** Gives the key back after a failure: nothing was written, so the request may be sent again. */
export async function releaseKey(db: Db, accountId: string, key: string): Promise<void> {
  await db.$executeRaw`
    DELETE FROM idempotency_keys WHERE account_id = ${accountId}::uuid AND key = ${key} AND reply IS NULL`;
}
