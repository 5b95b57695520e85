import { toSql } from 'pgvector';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { Scope } from './listing.js';
import { indexedVector, inModel, isNearIndexed, isPending, outsideModel } from './vector-index.js';

export interface NearMemory {
  id: string;
  text: string;
  topic: string;
  validFrom: Date;
  /** Cosine of the two vectors, 0 to 1; 0 where the two have no common vector space. */
  similarity: number;
}

export interface Vicinity {
  text: string;
  vector: Float32Array;
  embeddingModel: string;
  /** Only what was stored after this sequence number. */
  createdAfter: bigint | undefined;
}

/** Enough to make a shortlist of, and fewer than the index looks at in one go (hnsw.ef_search). */
const POOL = 40;
/** Of those that have no vector to compare: none, unless the embedding model is being changed. */
const WORDED_POOL = 20;

/** A tenant of more than so many current memories is found through the vector index: to compare more takes longer. */
export const LARGE = 2_500;

/**
 * The current memories of a tenant that are nearest by vector; and of those that still have the vector of another model, the
 * ones that share most words. Exact, except where there are more than `LARGE` and the index gives enough. `isLarge`: whether
 * that is known already, which saves a look, and whether it was found.
 */
export async function nearestCurrent(
  db: Db,
  scope: Scope,
  vicinity: Vicinity,
  now: Date,
  isLarge: boolean,
): Promise<{ nearest: NearMemory[]; isLarge: boolean }> {
  const { createdAfter } = vicinity;
  if (createdAfter !== undefined)
    return { nearest: await search(db, scope, vicinity, exactly(vicinity), now), isLarge };
  if (!isLarge) {
    const nearest = await search(db, scope, vicinity, exactly(vicinity, LARGE + 1), now);
    if (nearest.every(({ size }) => size <= LARGE)) return { nearest, isLarge: false };
  }
  return { nearest: await nearestOfMany(db, scope, vicinity, now), isLarge: true };
}

async function nearestOfMany(db: Db, scope: Scope, vicinity: Vicinity, now: Date): Promise<NearMemory[]> {
  const { embeddingModel, vector } = vicinity;
  const typed = indexedVector(vector.length);
  const found = await search(
    db,
    scope,
    vicinity,
    [
      { kind: isNearIndexed(embeddingModel), embedding: typed },
      { kind: isPending(embeddingModel, scope.tenantId), embedding: typed },
    ],
    now,
  );
  // The index knows no tenants: one may have few among the nearest of all.
  return found.length >= POOL / 2 ? found : search(db, scope, vicinity, exactly(vicinity), now);
}

interface Branch {
  kind: Prisma.Sql;
  embedding: Prisma.Sql;
  /** No more than so many rows are looked at, whichever they are. */
  most?: number;
}

const exactly = ({ embeddingModel }: Vicinity, most?: number): Branch[] => [
  { kind: inModel(embeddingModel), embedding: Prisma.sql`m.embedding`, ...(most === undefined ? {} : { most }) },
];

function search(
  db: Db,
  { accountId, tenantId }: Scope,
  { text, vector, embeddingModel, createdAfter }: Vicinity,
  branches: readonly Branch[],
  now: Date,
): Promise<(NearMemory & { size: number })[]> {
  const near = Prisma.sql`${toSql([...vector]) as string}::vector`;
  const isRival = Prisma.sql`m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.known_to IS NULL
      AND (m.valid_to IS NULL OR m.valid_to > ${now}::timestamptz) AND m.created_seq > ${createdAfter ?? 0n}`;
  const byVector = branches.map(({ kind, embedding, most }) => {
    const columns = Prisma.sql`m.id, m.text, m.topic, m.valid_from AS "validFrom", ${embedding} <=> ${near} AS distance`;
    const rows = Prisma.sql`FROM memories m WHERE ${isRival} AND ${kind}`;
    return most === undefined
      ? Prisma.sql`(SELECT ${columns}, 0 AS size ${rows} ORDER BY ${embedding} <=> ${near} LIMIT ${POOL})`
      : Prisma.sql`(SELECT *, count(*) OVER ()::int AS size FROM (SELECT ${columns} ${rows} LIMIT ${most}) AS looked
            ORDER BY distance LIMIT ${POOL})`;
  });
  return db.$queryRaw`
    -- distance + 0: rows come from the index nearly in order, and would be taken for sorted.
    WITH asked AS MATERIALIZED (
      SELECT tsvector_to_array(lexemes) AS terms FROM to_tsvector('english', ${text}) AS lexemes
    ), near AS (SELECT * FROM (${Prisma.join(byVector, ' UNION ALL ')}) AS found ORDER BY distance + 0 LIMIT ${POOL})
    SELECT id, text, topic, "validFrom", greatest(0, coalesce(nullif(1 - distance, 'NaN'), 0)) AS similarity, size
    FROM near
    UNION ALL
    (SELECT m.id, m.text, m.topic, m.valid_from, 0, 0 FROM asked CROSS JOIN memories m
     WHERE ${isRival} AND ${outsideModel(embeddingModel)}
     ORDER BY length(ts_delete(m.lexemes, asked.terms)) - length(m.lexemes), m.created_seq DESC LIMIT ${WORDED_POOL})`;
}

/** Current facts that tell the name of the person called "User"; a few are enough to see whether they agree. */
export async function readIntroductions(db: Db, { accountId, tenantId }: Scope): Promise<string[]> {
  const rows = await db.$queryRaw<{ text: string }[]>`
    SELECT DISTINCT left(m.text, 200) AS text FROM memories m
    WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.known_to IS NULL
      AND m.lexemes @@ 'user & name'::tsquery AND m.text ILIKE '%user''s name is%' LIMIT 10`;
  return rows.map(({ text }) => text);
}
