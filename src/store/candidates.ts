import { Prisma } from '../generated/prisma/client.js';
import {
  asked,
  features,
  linkSessions,
  packed,
  packedWithNeighbours,
  unpack,
  type Candidate,
  type Packed,
  type Sought,
} from './candidate-rows.js';
import type { Db } from './client.js';
import type { Scope } from './listing.js';
import { literal, matches, planned, poolsOf, type Pools, type Where } from './pools.js';

export { uuidOf, type Candidate, type Sought } from './candidate-rows.js';
export type { Pools, Where } from './pools.js';

/**
 * The question's terms and, unless more than `most` memories match, every one of them: for scopes small enough to be compared
 * whole. One statement.
 */
export async function readWhole(
  db: Db,
  where: Where,
  sought: Sought,
  most: number,
): Promise<{ terms: string[]; candidates: readonly Candidate[] | null }> {
  const [row] = await db.$queryRaw<(Packed & { terms: string[]; size: number })[]>`
    WITH asked AS MATERIALIZED (${asked(sought.text)})
    SELECT asked.terms, whole.*
    FROM asked CROSS JOIN LATERAL (
      SELECT count(*)::int AS size, ${packed}
      FROM (SELECT ${features(sought)} FROM memories m WHERE ${matches(where)} LIMIT ${literal(most + 1)} ${planned(where)}) AS each
    ) AS whole`;
  if (!row) return { terms: [], candidates: [] };
  return { terms: row.terms, candidates: row.size > most ? null : linkSessions(unpack(row, row.terms)) };
}

/** The question's terms, and the account's newest sequence number. */
export async function readTerms(db: Db, { accountId }: Scope, text: string): Promise<{ terms: string[]; seq: bigint }> {
  const [row] = await db.$queryRaw<{ terms: string[]; seq: bigint | null }[]>`
    SELECT asked.terms, (SELECT last_seq FROM accounts WHERE id = ${accountId}::uuid) AS seq
    FROM (${asked(text)}) AS asked`;
  return { terms: row?.terms ?? [], seq: row?.seq ?? 0n };
}

/** How many memories match, counted up to `most`. */
export async function countUpTo(db: Db, where: Where, most: number): Promise<number> {
  const [row] = await db.$queryRaw<{ size: number }[]>`
    SELECT count(*)::int AS size FROM (SELECT 1 FROM memories m WHERE ${matches(where)} LIMIT ${literal(most)} ${planned(where)}) AS seen`;
  return row?.size ?? 0;
}

/**
 * The memories of a large scope that can rank high: nearest by vector, those with rare terms, and the neighbours of both in
 * their sessions. `isShort`: there are fewer than were asked for by nearness; where the index was used, perhaps only because
 * pgvector, which goes on scanning until the filter has let enough through, came to the bound of that.
 */
export async function readBest(
  db: Db,
  where: Where,
  sought: Sought,
  terms: readonly string[],
  pools: Pools,
): Promise<{ candidates: Candidate[]; isShort: boolean }> {
  const [pool] = await db.$queryRaw<{ near: number; ids: string[] | null }[]>`
    WITH ${poolsOf(where, sought, terms, pools)}
    SELECT (SELECT count(*)::int FROM near) AS near,
      (SELECT array_agg(id) FROM (SELECT id FROM near UNION SELECT id FROM worded) AS pool) AS ids`;
  const candidates = await readWithNeighbours(db, where, sought, terms, pool?.ids ?? []);
  return { candidates, isShort: (pool?.near ?? 0) < pools.near };
}

async function readWithNeighbours(
  db: Db,
  where: Where,
  sought: Sought,
  terms: readonly string[],
  ids: readonly string[],
): Promise<Candidate[]> {
  const account = Prisma.sql`${where.scope.accountId}::uuid`;
  const beside = (
    comparison: Prisma.Sql,
    order: Prisma.Sql,
  ): Prisma.Sql => Prisma.sql`CASE WHEN pool.session_id IS NOT NULL THEN (
    SELECT m.id FROM memories m
    WHERE ${matches(where)} AND m.session_id = pool.session_id AND m.created_seq ${comparison} pool.created_seq
    ORDER BY m.created_seq ${order} LIMIT 1) END`;
  const [row] = await db.$queryRaw<Packed[]>`
    WITH asked AS MATERIALIZED (${asked(sought.text)}),
    linked AS MATERIALIZED (
      SELECT pool.id, ${beside(Prisma.sql`<`, Prisma.sql`DESC`)} AS previous, ${beside(Prisma.sql`>`, Prisma.sql`ASC`)} AS next
      FROM unnest(${[...ids]}::uuid[]) AS found (id) JOIN memories pool ON pool.account_id = ${account} AND pool.id = found.id
    ), chosen AS (
      SELECT id, previous, next FROM linked
      UNION ALL
      SELECT id, NULL, NULL FROM (SELECT previous AS id FROM linked UNION SELECT next FROM linked) AS lending
      WHERE id NOT IN (SELECT id FROM linked)
    )
    SELECT ${packedWithNeighbours}
    FROM (
      SELECT ${features(sought)}, chosen.previous, chosen.next
      FROM asked CROSS JOIN chosen JOIN memories m ON m.account_id = ${account} AND m.id = chosen.id
    ) AS each`;
  return row ? unpack(row, terms) : [];
}
