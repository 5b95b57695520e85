import { toSql } from 'pgvector';
import { Prisma } from '../generated/prisma/client.js';
import type { Sought } from './candidate-rows.js';
import { PLANNED_EACH_TIME } from './client.js';
import { inScope, type MemoryFilter, type Scope } from './listing.js';
import { indexedVector, isNearIndexed, isPending } from './vector-index.js';
import { visible, type AsOf } from './visibility.js';

export interface Where {
  scope: Scope;
  filter: MemoryFilter;
  asOf: AsOf;
  now: Date;
}

/** A filter's share of a tenant is anything: the plan for a filter of unknown values would be one for a filter that leaves all. */
export const planned = ({ filter }: Where): Prisma.Sql =>
  Object.values(filter).some((value) => value !== undefined) ? Prisma.raw(PLANNED_EACH_TIME) : Prisma.empty;

export const matches = ({ scope, filter, asOf, now }: Where): Prisma.Sql =>
  Prisma.sql`${inScope(scope, filter)} AND ${visible(asOf, 'CURRENT', now)}`;

export interface Pools {
  /** How many are taken by nearness; it bounds those by words as well. */
  near: number;
  /** Terms that are looked for by themselves. */
  rareTerms: readonly string[];
  /** What each of the question's terms weighs, by which the best of those with a rare one are chosen. */
  weights: readonly number[];
  /** A memory of so many terms gets half of what it holds. */
  halfLength: number;
  /** Where the nearest come from: every memory of the scope is compared with the question, or they are looked up in the vector index. */
  from: 'ALL' | 'INDEX';
}

/**
 * So many of the best by words, beside a hundred by nearness. Of the ten best of 92,855 memories, every one of them scored, these held 97 of
 * 100 for words of facts and 90 for questions about other things. Chosen by how many of the words they have, a hundred held 95
 * and 84; by the weight of them, 98 and 92.
 */
export const WORDED = 60;

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
export const literal = (count: number): Prisma.Sql => Prisma.raw(String(count));

/** The pools `near` and `worded`, as common table expressions. */
export function poolsOf(where: Where, sought: Sought, terms: readonly string[], pools: Pools): Prisma.Sql {
  if (pools.from === 'ALL') return exactPools(where, sought, terms, pools);
  const worded =
    pools.rareTerms.length === 0
      ? Prisma.sql`SELECT id FROM near`
      : Prisma.sql`
      SELECT m.id FROM memories m
      WHERE ${matches(where)} AND m.lexemes @@ ${anyOf(pools.rareTerms)}::tsquery
      ORDER BY ${lexical(terms, pools)} DESC, m.created_seq DESC LIMIT ${literal(WORDED)}`;
  return Prisma.sql`
    near AS MATERIALIZED (${fromIndex(where, sought, pools)}), worded AS MATERIALIZED (${worded}) ${Prisma.raw(PLANNED_EACH_TIME)}`;
}

/**
 * Through the vector index, with what waits to be put there. `distance + 0`: rows come from the index nearly in order, and
 * PostgreSQL would take them for sorted.
 */
function fromIndex(where: Where, sought: Sought, pools: Pools): Prisma.Sql {
  const limit = literal(pools.near);
  const distance = Prisma.sql`${indexedVector(sought.vector.length)} <=> ${near(sought)}`;
  return Prisma.sql`
    SELECT id FROM (
      (SELECT m.id, ${distance} AS distance FROM memories m
       WHERE ${matches(where)} AND ${isNearIndexed(sought.embeddingModel)} ORDER BY ${distance} LIMIT ${limit})
      UNION ALL
      (SELECT m.id, ${distance} AS distance FROM memories m
       WHERE ${matches(where)} AND ${isPending(sought.embeddingModel, where.scope.tenantId)} ORDER BY ${distance} LIMIT ${limit})
    ) AS both_kinds ORDER BY distance + 0 LIMIT ${limit}`;
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
