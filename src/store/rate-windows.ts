import type { Db } from './client.js';

export interface RateCount {
  accountId: string;
  apiKeyId: string;
  requests: number;
}

export interface RateWindow extends RateCount {
  /** Until the window ends and the count begins anew. */
  remainingMs: number;
}

/**
 * Adds what this server counted to what all of them did, and gives the sums: one statement for any number of keys. Time is the
 * database's, so that servers need not agree on it; in the order of the key, so that two servers do not wait for each other.
 */
export async function addToRateWindows(db: Db, counts: readonly RateCount[], seconds: number): Promise<RateWindow[]> {
  const rows = await db.$queryRaw<(Omit<RateWindow, 'requests'> & { requests: bigint })[]>`
    INSERT INTO rate_windows AS w (account_id, api_key_id, requests, ends_at)
    SELECT "accountId", "apiKeyId", requests, now() + make_interval(secs => ${seconds}::float8)
    FROM jsonb_to_recordset(${JSON.stringify(counts)}::jsonb) AS c ("accountId" uuid, "apiKeyId" uuid, requests bigint)
    ORDER BY "accountId", "apiKeyId"
    ON CONFLICT (account_id, api_key_id) DO UPDATE SET
      requests = CASE WHEN w.ends_at <= now() THEN excluded.requests ELSE w.requests + excluded.requests END,
      ends_at = CASE WHEN w.ends_at <= now() THEN excluded.ends_at ELSE w.ends_at END
    RETURNING account_id AS "accountId", api_key_id AS "apiKeyId", requests,
              (extract(epoch FROM ends_at - now()) * 1000)::float8 AS "remainingMs"`;
  return rows.map((row) => ({ ...row, requests: Number(row.requests) }));
}
