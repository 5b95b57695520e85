import type { Db } from './client.js';
import type { Scope } from './listing.js';

/** In how many current memories a term occurs. */
export interface TermStats {
  total: number;
  /** Of the terms that are in at least one in RARE memories; the others are rarer. */
  common: ReadonlyMap<string, number>;
}

/** A term in fewer than one in so many memories counts as rare, however rare. */
export const RARE = 500;

/** Counts the terms of a tenant's current memories. One pass over all of them: to be kept, not asked for at every search. */
export async function countTerms(db: Db, { accountId, tenantId }: Scope): Promise<TermStats> {
  const rows = await db.$queryRaw<{ word: string | null; count: number }[]>`
    WITH stats AS MATERIALIZED (
      SELECT word, ndoc FROM ts_stat(format(
        'SELECT lexemes FROM memories WHERE account_id = %L::uuid AND tenant_id = %L AND known_to IS NULL',
        ${accountId}::text, ${tenantId}::text))
    ), whole AS (
      SELECT count(*)::int AS total FROM memories
      WHERE account_id = ${accountId}::uuid AND tenant_id = ${tenantId} AND known_to IS NULL
    )
    SELECT NULL AS word, total AS count FROM whole
    UNION ALL
    SELECT word, ndoc AS count FROM stats, whole WHERE ndoc * ${RARE} >= total`;
  const total = rows.find(({ word }) => word === null)?.count ?? 0;
  return { total, common: new Map(rows.flatMap(({ word, count }) => (word === null ? [] : [[word, count] as const]))) };
}
