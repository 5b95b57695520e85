import { Prisma } from '../generated/prisma/client.js';
import {
  asked,
  askedFor,
  features,
  linkSessions,
  packed,
  packedWithNeighbours,
  similarity,
  unpack,
  unpackChecked,
  vectorOf,
  type Candidate,
  type Checked,
  type Packed,
  type Sought,
} from './candidate-rows.js';
import type { Db } from './client.js';
import type { Scope } from './listing.js';
import { literal, matches, planned, poolsOf, type Pools, type Where } from './pools.js';

export { holdingOf, uuidOf, type Candidate, type Checked, type Sought } from './candidate-rows.js';
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
    WITH asked AS MATERIALIZED (${askedFor(sought)})
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
  const ids = pool?.ids ?? [];
  const { candidates } = await readListed(db, where, sought, terms, { ids, most: ids.length });
  return { candidates, isShort: (pool?.near ?? 0) < pools.near };
}

/** Ids of what may rank high, the best first; and how many of those that match are taken. */
export interface Listed {
  ids: readonly string[];
  most: number;
}

/**
 * The memories of a scope that can rank high, of a list that was made elsewhere: the first that match, and their neighbours in their
 * sessions. `isShort`: fewer matched than were to be taken. One statement.
 */
export async function readListed(
  db: Db,
  where: Where,
  sought: Sought,
  terms: readonly string[],
  { ids, most }: Listed,
): Promise<{ candidates: Candidate[]; isShort: boolean }> {
  const [row] = await db.$queryRaw<(Packed & { found: number })[]>`
    WITH asked AS MATERIALIZED (${askedFor(sought)}),
    found AS MATERIALIZED (${matching(where, sought, ids, most)}),
    linked AS MATERIALIZED (
      SELECT found.*, ${beside(where, '<', 'DESC')} AS previous, ${beside(where, '>', 'ASC')} AS next
      FROM found
    ), each AS (
      SELECT * FROM linked
      UNION ALL
      SELECT ${features(sought)}, m.session_id, NULL, NULL
      FROM asked CROSS JOIN (SELECT previous AS id FROM linked UNION SELECT next FROM linked) AS lending
      JOIN memories m ON m.account_id = ${where.scope.accountId}::uuid AND m.id = lending.id
      WHERE lending.id NOT IN (SELECT id FROM linked)
    )
    SELECT (SELECT count(*)::int FROM found) AS found, ${packedWithNeighbours} FROM each`;
  return { candidates: row ? unpack(row, terms) : [], isShort: (row?.found ?? 0) < most };
}

/** Whether memories match, with their exact cosines, by their ids (32 hexadecimal digits). One statement. */
export async function checkMemories(
  db: Db,
  where: Where,
  sought: Sought,
  ids: readonly string[],
): Promise<Map<string, Checked>> {
  const [row] = await db.$queryRaw<{ ids: Uint8Array | null; cosines: Uint8Array; matching: string }[]>`
    SELECT string_agg(uuid_send(id), ''::bytea) AS ids, string_agg(float8send(similarity), ''::bytea) AS cosines,
      string_agg(CASE WHEN matching THEN 'y' WHEN current THEN 'n' ELSE 'x' END, '') AS matching
    FROM (
      SELECT m.id, m.known_to IS NULL AS current, ${matches(where)} AS matching, ${similarity(sought)} AS similarity
      FROM unnest(${[...ids]}::uuid[]) AS listed (id)
      CROSS JOIN LATERAL (SELECT * FROM memories m WHERE m.account_id = ${where.scope.accountId}::uuid AND m.id = listed.id LIMIT 1) AS m
      CROSS JOIN (SELECT ${vectorOf(sought)} AS near OFFSET 0) AS asked
    ) AS each`;
  const found = row ? unpackChecked(row) : new Map<string, Checked>();
  return new Map(ids.map((id) => [id, found.get(id) ?? { similarity: undefined, isOver: true }]));
}

/** Looked up one by one: of a list PostgreSQL knows no length, and would rather read the whole scope beside it. */
const matching = (where: Where, sought: Sought, ids: readonly string[], most: number): Prisma.Sql => Prisma.sql`
    SELECT one.* FROM unnest(${[...ids]}::uuid[]) WITH ORDINALITY AS listed (id, place)
    CROSS JOIN LATERAL (
      SELECT ${features(sought)}, m.session_id FROM asked CROSS JOIN memories m
      WHERE m.account_id = ${where.scope.accountId}::uuid AND m.id = listed.id AND ${matches(where)} LIMIT 1
    ) AS one
    ORDER BY listed.place LIMIT ${most}`;

/** The memory that stands before or after one of `found` in its session, of those that match. */
const beside = (where: Where, comparison: '<' | '>', order: 'ASC' | 'DESC'): Prisma.Sql => Prisma.sql`
    CASE WHEN found.session_id IS NOT NULL THEN (
      SELECT m.id FROM memories m
      WHERE ${matches(where)} AND m.session_id = found.session_id AND m.created_seq ${Prisma.raw(comparison)} found.created_seq
      ORDER BY m.created_seq ${Prisma.raw(order)} LIMIT 1) END`;
