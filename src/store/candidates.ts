import { toSql } from 'pgvector';
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
import { PLANNED_EACH_TIME, type Db } from './client.js';
import { inScope, type MemoryFilter, type Scope } from './listing.js';
import { indexedVector, isNearIndexed, isPending } from './vector-index.js';
import { visible, type AsOf } from './visibility.js';

export { uuidOf, type Candidate, type Sought } from './candidate-rows.js';

export interface Where {
  scope: Scope;
  filter: MemoryFilter;
  asOf: AsOf;
  now: Date;
}

/** A filter's share of a tenant is anything: the plan for a filter of unknown values would be one for a filter that leaves all. */
const planned = ({ filter }: Where): Prisma.Sql =>
  Object.values(filter).some((value) => value !== undefined) ? Prisma.raw(PLANNED_EACH_TIME) : Prisma.empty;

const matches = ({ scope, filter, asOf, now }: Where): Prisma.Sql =>
  Prisma.sql`${inScope(scope, filter)} AND ${visible(asOf, 'CURRENT', now)}`;

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

export interface Pools {
  /** How many are taken by nearness; it bounds those by words as well. */
  near: number;
  /** Terms that are looked for by themselves. */
  rareTerms: readonly string[];
  /** What each of the question's terms weighs, by which the best of those with a rare one are chosen. */
  weights: readonly number[];
  /** A memory of so many terms gets half of what it holds. */
  halfLength: number;
  /** Every memory of the scope is compared with the question; else the nearest are looked up in the vector index. */
  isExact: boolean;
}

/**
 * So many of the best by words, beside a hundred by nearness. Of the ten best of 92,855 memories, every one of them scored, these held 97 of
 * 100 for words of facts and 90 for questions about other things. Chosen by how many of the words they have, a hundred held 95
 * and 84; by the weight of them, 98 and 92.
 */
const WORDED = 60;

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
    WITH ${pools.isExact ? exactPools(where, sought, terms, pools) : indexedPools(where, sought, terms, pools)}
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

const near = ({ vector }: Sought): Prisma.Sql => Prisma.sql`${toSql([...vector]) as string}::vector`;
/** What a row gets for the question's words, as `relevanceOf` counts it but for dates. */
function lexical(terms: readonly string[], { weights, halfLength }: Pools): Prisma.Sql {
  const held = terms.flatMap((term, i) => {
    const weight = weights[i] ?? 0;
    return weight > 0
      ? [Prisma.sql`CASE WHEN m.lexemes @@ ${quoted(term)}::tsquery THEN ${weight}::float8 ELSE 0 END`]
      : [];
  });
  return held.length === 0
    ? Prisma.sql`0::float8`
    : Prisma.sql`(${Prisma.join(held, ' + ')}) / (1 + length(m.lexemes) / ${halfLength}::float8)`;
}

/** Written out: PostgreSQL plans by it. There are few, so that there are few statements. */
const literal = (count: number): Prisma.Sql => Prisma.raw(String(count));

/**
 * Through the vector index, with what waits to be put there, and the index of words. `distance + 0`: rows come from the index
 * nearly in order, and PostgreSQL would take them for sorted.
 */
function indexedPools(where: Where, sought: Sought, terms: readonly string[], pools: Pools): Prisma.Sql {
  const limit = literal(pools.near);
  const distance = Prisma.sql`${indexedVector(sought.vector.length)} <=> ${near(sought)}`;
  const worded =
    pools.rareTerms.length === 0
      ? Prisma.sql`SELECT id FROM near`
      : Prisma.sql`
      SELECT m.id FROM memories m
      WHERE ${matches(where)} AND m.lexemes @@ ${anyOf(pools.rareTerms)}::tsquery
      ORDER BY ${lexical(terms, pools)} DESC, m.created_seq DESC LIMIT ${literal(WORDED)}`;
  return Prisma.sql`
    near AS MATERIALIZED (
      SELECT id FROM (
        (SELECT m.id, ${distance} AS distance FROM memories m
         WHERE ${matches(where)} AND ${isNearIndexed(sought.embeddingModel)} ORDER BY ${distance} LIMIT ${limit})
        UNION ALL
        (SELECT m.id, ${distance} AS distance FROM memories m
         WHERE ${matches(where)} AND ${isPending(sought.embeddingModel, where.scope.tenantId)} ORDER BY ${distance} LIMIT ${limit})
      ) AS both_kinds ORDER BY distance + 0 LIMIT ${limit}
    ), worded AS MATERIALIZED (${worded}) ${Prisma.raw(PLANNED_EACH_TIME)}`;
}

/** In one pass over the scope. A memory of another embedding model comes after those that can be compared, instead of being left out. */
function exactPools(where: Where, sought: Sought, terms: readonly string[], pools: Pools): Prisma.Sql {
  return Prisma.sql`
    compared AS MATERIALIZED (
      SELECT m.id, m.created_seq,
        CASE WHEN m.embedding_model = ${sought.embeddingModel} THEN m.embedding <=> ${near(sought)} END AS distance,
        CASE WHEN m.lexemes @@ ${anyOf(pools.rareTerms)}::tsquery THEN ${lexical(terms, pools)} ELSE 0 END AS held
      FROM memories m WHERE ${matches(where)} ${planned(where)}
    ), near AS MATERIALIZED (
      SELECT id FROM compared ORDER BY distance, created_seq DESC LIMIT ${literal(pools.near)}
    ), worded AS MATERIALIZED (
      SELECT id FROM compared WHERE held > 0 ORDER BY held DESC, created_seq DESC LIMIT ${literal(WORDED)}
    )`;
}

const quoted = (term: string): string => `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
/** As PostgreSQL reads a query; of no terms one that finds nothing. */
const anyOf = (terms: readonly string[]): string | null => (terms.length === 0 ? null : terms.map(quoted).join(' | '));
