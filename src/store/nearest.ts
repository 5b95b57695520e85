import { toSql } from 'pgvector';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { Scope } from './listing.js';
import { indexedVector, inModel } from './vector-index.js';

export interface NearMemory {
  id: string;
  text: string;
  topic: string;
  validFrom: Date;
  /** Cosine of the two vectors, 0 to 1. */
  similarity: number;
}

export interface Vicinity {
  vector: Float32Array;
  embeddingModel: string;
  /** Only what was stored after this sequence number. */
  createdAfter: bigint | undefined;
}

/** Enough to make a shortlist of, and fewer than the index looks at in one go (hnsw.ef_search). */
const POOL = 40;

/** The current memories of a tenant that are nearest by vector, through the index where that gives enough and else exactly. */
export async function nearestCurrent(db: Db, scope: Scope, vicinity: Vicinity, now: Date): Promise<NearMemory[]> {
  const typed = indexedVector(vicinity.vector.length);
  // The index knows no tenants: a small one may have none among the nearest of all.
  const found = vicinity.createdAfter === undefined ? await search(db, scope, vicinity, typed, now) : [];
  return found.length >= POOL / 2 ? found : search(db, scope, vicinity, Prisma.sql`m.embedding`, now);
}

function search(
  db: Db,
  { accountId, tenantId }: Scope,
  { vector, embeddingModel, createdAfter }: Vicinity,
  embedding: Prisma.Sql,
  now: Date,
): Promise<NearMemory[]> {
  const near = toSql([...vector]) as string;
  return db.$queryRaw`
    SELECT m.id, m.text, m.topic, m.valid_from AS "validFrom",
           greatest(0, coalesce(nullif(1 - (${embedding} <=> ${near}::vector), 'NaN'), 0)) AS similarity
    FROM memories m
    WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.known_to IS NULL
      AND (m.valid_to IS NULL OR m.valid_to > ${now}::timestamptz)
      AND ${inModel(embeddingModel)} AND m.created_seq > ${createdAfter ?? 0n}
    ORDER BY ${embedding} <=> ${near}::vector LIMIT ${POOL}`;
}

/** Current facts that tell the name of the person called "User"; a few are enough to see whether they agree. */
export async function readIntroductions(db: Db, { accountId, tenantId }: Scope): Promise<string[]> {
  const rows = await db.$queryRaw<{ text: string }[]>`
    SELECT DISTINCT left(m.text, 200) AS text FROM memories m
    WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.known_to IS NULL
      AND m.lexemes @@ 'user & name'::tsquery AND m.text ILIKE '%user''s name is%' LIMIT 10`;
  return rows.map(({ text }) => text);
}
