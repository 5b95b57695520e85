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

/** No lexeme is written like this: it stands for the memory itself, so that one pass counts the terms and the memories. */
const EACH = '\u0002';

/** Counts the terms of a tenant's current memories. One pass over all of them: to be kept, not asked for at every search. */
export async function countTerms(db: Db, { accountId, tenantId }: Scope): Promise<TermStats> {
  const rows = await db.$queryRaw<{ word: string; count: number }[]>`
    WITH stats AS MATERIALIZED (
      SELECT word, ndoc FROM ts_stat(format(
        'SELECT lexemes || array_to_tsvector(ARRAY[%L]) FROM memories
         WHERE account_id = %L::uuid AND tenant_id = %L AND known_to IS NULL',
        ${EACH}::text, ${accountId}::text, ${tenantId}::text))
    )
    SELECT word, ndoc AS count FROM stats WHERE ndoc * ${RARE} >= (SELECT ndoc FROM stats WHERE word = ${EACH})`;
  const common = new Map(rows.map(({ word, count }) => [word, count]));
  const total = common.get(EACH) ?? 0;
  common.delete(EACH);
  return { total, common };
}
