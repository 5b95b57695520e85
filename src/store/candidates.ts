import { toSql } from 'pgvector';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import { inScope, type MemoryFilter, type Scope } from './listing.js';
import { indexedVector, inModel } from './vector-index.js';
import { visible, type AsOf } from './visibility.js';

/** A memory with all that its rank depends on. */
export interface Candidate {
  id: string;
  createdSeq: bigint;
  validFrom: Date;
  /** The matching memories before and after it in its session. */
  previousId: string | null;
  nextId: string | null;
  /** Cosine with the question, 0 to 1; 0 where the two have no common vector space. */
  similarity: number;
  /** Which of the question's terms it holds: bit i stands for term i. */
  matched: number;
  /** Number of distinct terms. */
  length: number;
}

export interface Sought {
  /** Lexemes of the question, at most 31. */
  terms: readonly string[];
  /** Those rare enough to look for by themselves. */
  rareTerms: readonly string[];
  vector: Float32Array;
  embeddingModel: string;
}

export interface Where {
  scope: Scope;
  filter: MemoryFilter;
  asOf: AsOf;
  now: Date;
}

/** The lexemes of a text, as PostgreSQL's English dictionary has them, and how many memories match, counted up to `upTo`. */
export async function probe(
  db: Db,
  where: Where,
  text: string,
  upTo: number,
): Promise<{ terms: string[]; size: number }> {
  const [row] = await db.$queryRaw<{ terms: string[]; size: number }[]>`
    SELECT tsvector_to_array(to_tsvector('english', ${text})) AS terms,
           (SELECT count(*)::int FROM (SELECT 1 FROM memories m WHERE ${matches(where)} LIMIT ${upTo}) AS seen) AS size`;
  return row ?? { terms: [], size: 0 };
}

/** Every memory that matches, with what its rank depends on: for scopes small enough to be compared whole. */
export function readAllCandidates(db: Db, where: Where, sought: Sought): Promise<Candidate[]> {
  const session = Prisma.sql`(PARTITION BY m.session_id ORDER BY m.created_seq)`;
  const beside = (neighbour: Prisma.Sql): Prisma.Sql =>
    Prisma.sql`CASE WHEN m.session_id IS NOT NULL THEN ${neighbour} OVER ${session} END`;
  return db.$queryRaw`
    SELECT ${features(sought)}, ${beside(Prisma.sql`lag(m.id)`)} AS "previousId", ${beside(Prisma.sql`lead(m.id)`)} AS "nextId"
    FROM memories m WHERE ${matches(where)}`;
}

/** How many the vector index gives, and how many of the rows with a rare term: with so many the best ten hardly ever miss one. */
const NEAR = 100;
const WORDED = 100;

/**
 * The memories of a large scope that can rank high: nearest by vector, those with rare terms, and the neighbours of both in
 * their sessions. pgvector goes on scanning its index until the filter has let enough through (iterative scan).
 */
export function readBestCandidates(db: Db, where: Where, sought: Sought): Promise<Candidate[]> {
  const near = toSql([...sought.vector]) as string;
  const indexed = indexedVector(sought.vector.length);
  const worded =
    sought.rareTerms.length === 0
      ? Prisma.empty
      : Prisma.sql`UNION (
          SELECT m.id, m.session_id, m.created_seq FROM memories m
          WHERE ${matches(where)} AND m.lexemes @@ ${anyOf(sought.rareTerms)}::tsquery
          ORDER BY ${matchCount(sought.terms)} DESC, m.created_seq DESC LIMIT ${WORDED})`;
  const beside = (comparison: Prisma.Sql, order: Prisma.Sql): Prisma.Sql => Prisma.sql`(
    SELECT m.id FROM memories m
    WHERE ${matches(where)} AND m.session_id = pool.session_id AND m.created_seq ${comparison} pool.created_seq
    ORDER BY m.created_seq ${order} LIMIT 1)`;
  return db.$queryRaw`
    WITH pool AS MATERIALIZED (
      (SELECT m.id, m.session_id, m.created_seq FROM memories m
       WHERE ${matches(where)} AND ${inModel(sought.embeddingModel)}
       ORDER BY ${indexed} <=> ${near}::vector LIMIT ${NEAR})
      ${worded}
    ), linked AS MATERIALIZED (
      SELECT pool.id, ${beside(Prisma.sql`<`, Prisma.sql`DESC`)} AS previous, ${beside(Prisma.sql`>`, Prisma.sql`ASC`)} AS next
      FROM pool
    ), chosen AS (
      SELECT id, previous, next FROM linked
      UNION ALL
      SELECT id, NULL, NULL FROM (SELECT previous AS id FROM linked UNION SELECT next FROM linked) AS lending
      WHERE id NOT IN (SELECT id FROM linked)
    )
    SELECT ${features(sought)}, chosen.previous AS "previousId", chosen.next AS "nextId"
    FROM chosen JOIN memories m ON m.account_id = ${where.scope.accountId}::uuid AND m.id = chosen.id`;
}

const matches = ({ scope, filter, asOf, now }: Where): Prisma.Sql =>
  Prisma.sql`${inScope(scope, filter)} AND ${visible(asOf, 'CURRENT', now)}`;

function features({ terms, vector, embeddingModel }: Sought): Prisma.Sql {
  const near = toSql([...vector]) as string;
  // Vectors of another model are of another length: to compare them would be an error, not a low rank.
  return Prisma.sql`m.id, m.created_seq AS "createdSeq", m.valid_from AS "validFrom", length(m.lexemes) AS length,
    CASE WHEN m.embedding_model = ${embeddingModel}
      THEN greatest(0, coalesce(nullif(1 - (m.embedding <=> ${near}::vector), 'NaN'), 0)) ELSE 0 END AS similarity,
    ${bits(terms)} AS matched`;
}

const quoted = (term: string): string => `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const anyOf = (terms: readonly string[]): string => terms.map(quoted).join(' | ');

/** Bit i: whether the row holds term i. */
function bits(terms: readonly string[]): Prisma.Sql {
  if (terms.length === 0) return Prisma.sql`0`;
  const each = terms.map((term, i) => Prisma.sql`(m.lexemes @@ ${quoted(term)}::tsquery)::int * ${2 ** i}::int`);
  return Prisma.sql`(${Prisma.join(each, ' + ')})`;
}

function matchCount(terms: readonly string[]): Prisma.Sql {
  const each = terms.map((term) => Prisma.sql`(m.lexemes @@ ${quoted(term)}::tsquery)::int`);
  return Prisma.sql`(${Prisma.join(each, ' + ')})`;
}
