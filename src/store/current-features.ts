import type { Db } from './client.js';
import type { Position, Scope } from './listing.js';
import type { Traits } from './memory-traits.js';

/** Some current memories of a tenant, in the order in which they became known. */
export interface CurrentFeatures {
  count: number;
  /** Vectors of another model are among them: then none are given. */
  hasOthers: boolean;
  memories: CurrentMemory[];
  /** Of the last one: what comes after it was not read yet. Undefined for none. */
  last: Position | undefined;
}

export interface CurrentMemory extends Traits {
  /** Its 16 bytes. */
  id: Uint8Array;
  vector: Float32Array;
  /** Its lexemes, each once. */
  terms: string[];
}

interface Packed {
  count: number;
  hasOthers: boolean;
  ids: Uint8Array | null;
  vectors: Uint8Array | null;
  /** Of each memory a line with its lexemes, separated by U+0001. */
  words: string | null;
  /** In milliseconds. */
  since: number[] | null;
  seqs: bigint[] | null;
  ranks: number[] | null;
  /** JSON: of each memory its source, topic and session. */
  names: string | null;
  at: Date | null;
  seq: bigint | null;
}

/** pgvector sends the number of dimensions and an unused field of two bytes each, then the numbers. */
const HEAD_BYTES = 4;
const ID_BYTES = 16;
const NUMBER_BYTES = 4;

/**
 * Up to `limit` current memories of a tenant that became known after a position, without those that were over at an instant. Those
 * of an account become known in the order of their commits, so that none before the last one comes later. As one row: see `Packed` of candidate-rows.ts.
 */
export async function readCurrentFeatures(
  db: Db,
  { accountId, tenantId }: Scope,
  { id: model, dimensions }: { id: string; dimensions: number },
  { after, notOverAt, limit }: { after: Position; notOverAt: Date; limit: number },
): Promise<CurrentFeatures> {
  const [row] = await db.$queryRaw<Packed[]>`
    SELECT count(*)::int AS count, coalesce(bool_or(embedding_model <> ${model}), FALSE) AS "hasOthers",
      max(known_from) AS at, max(created_seq) AS seq,
      string_agg(uuid_send(id), ''::bytea) AS ids,
      string_agg(vector_send(embedding), ''::bytea) FILTER (WHERE embedding_model = ${model}) AS vectors,
      string_agg(array_to_string(tsvector_to_array(coalesce(lexemes, ''::tsvector)), E'\\x01'), E'\\n') AS words,
      array_agg(created_seq) AS seqs, array_agg(importance::int) AS ranks,
      array_agg(floor(1000 * extract(epoch FROM valid_from))::float8) AS since,
      json_agg(json_build_array(source, topic, session_id))::text AS names
    FROM (
      SELECT m.id, m.known_from, m.created_seq, m.embedding, m.embedding_model, m.lexemes, m.valid_from, m.importance, m.source, m.topic, m.session_id
      FROM memories m
      WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.known_to IS NULL
        AND (m.valid_to IS NULL OR m.valid_to > ${notOverAt}::timestamptz)
        AND (m.known_from, m.created_seq) > (${after.at}::timestamptz, ${after.createdSeq}::bigint)
      ORDER BY m.known_from, m.created_seq LIMIT ${limit}
    ) AS page`;
  const { count = 0, hasOthers = false, at, seq } = row ?? {};
  return {
    count,
    hasOthers,
    memories: row && !hasOthers ? unpack(row, dimensions) : [],
    last: at && seq ? { at, createdSeq: seq } : undefined,
  };
}

function unpack(
  { count, ids, vectors, words, since, seqs, ranks, names }: Packed,
  dimensions: number,
): CurrentMemory[] {
  if (!ids || !vectors || !names) return [];
  const bytes = new DataView(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const lines = words?.split('\n') ?? [];
  const named = JSON.parse(names) as [string, string, string | null][];
  return Array.from({ length: count }, (_, row) => {
    const [source, topic, sessionId] = named[row] ?? ['', '', null];
    return {
      id: ids.subarray(row * ID_BYTES, (row + 1) * ID_BYTES),
      vector: vectorAt(bytes, row, dimensions),
      terms: lines[row] ? lines[row].split('\x01') : [],
      createdSeq: Number(seqs?.[row] ?? 0),
      validFrom: new Date(since?.[row] ?? 0),
      importance: ranks?.[row] ?? 0,
      source,
      topic,
      sessionId,
    };
  });
}

function vectorAt(bytes: DataView, row: number, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  const start = row * (HEAD_BYTES + dimensions * NUMBER_BYTES) + HEAD_BYTES;
  for (let i = 0; i < dimensions; i++) vector[i] = bytes.getFloat32(start + i * NUMBER_BYTES);
  return vector;
}
