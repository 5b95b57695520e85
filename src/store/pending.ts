import type { Db } from './client.js';
import type { Scope } from './listing.js';
import { isPending } from './vector-index.js';

/**
 * Puts up to `limit` memories of a tenant that wait for it into the vector index of their model; one statement. Rows that
 * somebody else holds at this moment are left for later. Gives the number of those put there.
 */
export const indexPending = (db: Db, { accountId, tenantId }: Scope, model: string, limit: number): Promise<number> =>
  db.$executeRaw`
    WITH free AS MATERIALIZED (
      SELECT m.account_id, m.id FROM memories m
      WHERE m.account_id = ${accountId}::uuid AND m.known_to IS NULL AND ${isPending(model, tenantId)}
      LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE memories m SET near_indexed = TRUE FROM free WHERE m.account_id = free.account_id AND m.id = free.id`;
