import type { Db } from './client.js';
import type { Position, Scope } from './listing.js';

/** Some current memories of a tenant, in the order in which they became known. */
export interface CurrentVectors {
  count: number;
  /** Vectors of another model are among them: then there are no ids and vectors. */
  hasOthers: boolean;
  /** 16 bytes each, one after the other. */
  ids: Uint8Array;
  vectors: Float32Array[];
  /** Of the last one: what comes after it was not read yet. Undefined for none. */
  last: Position | undefined;
}

interface Packed {
  count: number;
  hasOthers: boolean;
  ids: Uint8Array | null;
  vectors: Uint8Array | null;
  at: Date | null;
  seq: bigint | null;
}

/** pgvector sends the number of dimensions and an unused field of two bytes each, then the numbers. */
const HEAD_BYTES = 4;
const NUMBER_BYTES = 4;

/**
 * Up to `limit` current memories of a tenant that became known after a position. Those of an account become known in the order of
 * their commits, so that none before the last one comes later. As one row: see `Packed` of candidate-rows.ts.
 */
export async function readCurrentVectors(
  db: Db,
  { accountId, tenantId }: Scope,
  { id: model, dimensions }: { id: string; dimensions: number },
  after: Position,
  limit: number,
): Promise<CurrentVectors> {
  const [row] = await db.$queryRaw<Packed[]>`
    SELECT count(*)::int AS count, coalesce(bool_or(embedding_model <> ${model}), FALSE) AS "hasOthers",
      max(known_from) AS at, max(created_seq) AS seq,
      string_agg(uuid_send(id), ''::bytea) AS ids,
      string_agg(vector_send(embedding), ''::bytea) FILTER (WHERE embedding_model = ${model}) AS vectors
    FROM (
      SELECT m.id, m.known_from, m.created_seq, m.embedding, m.embedding_model FROM memories m
      WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.known_to IS NULL
        AND (m.known_from, m.created_seq) > (${after.at}::timestamptz, ${after.createdSeq}::bigint)
      ORDER BY m.known_from, m.created_seq LIMIT ${limit}
    ) AS page`;
  const { count = 0, hasOthers = false, ids, vectors, at, seq } = row ?? {};
  return {
    count,
    hasOthers,
    ids: ids ?? new Uint8Array(),
    vectors: vectors && !hasOthers ? unpack(vectors, dimensions) : [],
    last: at && seq ? { at, createdSeq: seq } : undefined,
  };
}

function unpack({ buffer, byteOffset, byteLength }: Uint8Array, dimensions: number): Float32Array[] {
  const bytes = new DataView(buffer, byteOffset, byteLength);
  const rowBytes = HEAD_BYTES + dimensions * NUMBER_BYTES;
  return Array.from({ length: byteLength / rowBytes }, (_, row) => {
    const vector = new Float32Array(dimensions);
    const start = row * rowBytes + HEAD_BYTES;
    for (let i = 0; i < dimensions; i++) vector[i] = bytes.getFloat32(start + i * NUMBER_BYTES);
    return vector;
  });
}
