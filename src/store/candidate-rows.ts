import { toSql } from 'pgvector';
import { Prisma } from '../generated/prisma/client.js';

/** A memory with all that its rank depends on. */
export interface Candidate {
  id: string;
  createdSeq: bigint;
  validFrom: Date;
  importance: number;
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
  text: string;
  vector: Float32Array;
  embeddingModel: string;
}

/** Many rows as one: to receive a thousand of them one by one would take several times as long as to find them. */
export interface Packed {
  /** Of each row the fields of `features` in their binary form, one after the other; null for no rows. */
  rows: Uint8Array | null;
  /** Of each row a line with the terms that it holds, separated by U+0001. */
  words: string | null;
}

/** A question longer than so many terms says nothing more about what is sought; as many as a bit mask has bits. */
const MAX_TERMS = 31;

/** The lexemes of a text as PostgreSQL's English dictionary has them, and the query that finds any of them; null for none. */
export const asked = (text: string): Prisma.Sql => Prisma.sql`
  SELECT terms, (SELECT string_agg('''' || replace(replace(term, '\\', '\\\\'), '''', '''''') || '''', ' | ')
                 FROM unnest(terms) AS term)::tsquery AS any_of
  FROM (SELECT (tsvector_to_array(to_tsvector('english', ${text})))[1:${MAX_TERMS}::int] AS terms) AS lexed`;

/** That `memories m` holds one of the terms of `asked`, and which: what is left once all others are taken away. */
const heldTerms = Prisma.sql`CASE WHEN m.lexemes @@ asked.any_of THEN array_to_string(
    tsvector_to_array(ts_delete(m.lexemes, tsvector_to_array(ts_delete(m.lexemes, asked.terms)))), E'\\x01') ELSE '' END`;

/** The cosine of `memories m` and a vector, 0 to 1. Vectors of another model are of another length: to compare them would be an error, not a low rank. */
const similarity = ({ vector, embeddingModel }: Sought): Prisma.Sql => Prisma.sql`
  CASE WHEN m.embedding_model = ${embeddingModel}
    THEN greatest(0, coalesce(nullif(1 - (m.embedding <=> ${toSql([...vector]) as string}::vector), 'NaN'), 0)) ELSE 0 END`;

/** What `unpack` reads of `memories m` beside `asked`. */
export const features = (sought: Sought): Prisma.Sql => Prisma.sql`
  uuid_send(m.id) || int8send(m.created_seq) || timestamptz_send(m.valid_from) || int2send(m.importance)
    || int4send(length(m.lexemes)) || float8send(${similarity(sought)})
    || int8send(CASE WHEN m.session_id IS NULL THEN 0 ELSE hashtextextended(m.session_id, 0) END) AS fields,
  ${heldTerms} AS words`;

const FIELD_BYTES = 54;
/** PostgreSQL counts microseconds from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

export interface Unpacked extends Candidate {
  /** A hash of its session; 0 for none. */
  session: bigint;
}

/** The rows of `features`, each followed by `extraBytes` of its own, which `readExtra` is given. */
export function unpack(
  { rows, words }: Packed,
  terms: readonly string[],
  extraBytes = 0,
  readExtra: (bytes: Buffer) => Partial<Candidate> = () => ({}),
): Unpacked[] {
  if (rows === null || words === null) return [];
  const bits = new Map(terms.map((term, i) => [term, 1 << i]));
  const lines = words.split('\n');
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
  return lines.map((line, i) => {
    const at = i * (FIELD_BYTES + extraBytes);
    return {
      id: uuidAt(bytes, at),
      createdSeq: bytes.readBigInt64BE(at + 16),
      validFrom: new Date(EPOCH_MS + Number(bytes.readBigInt64BE(at + 24) / 1000n)),
      importance: bytes.readInt16BE(at + 32),
      length: bytes.readInt32BE(at + 34),
      similarity: bytes.readDoubleBE(at + 38),
      session: bytes.readBigInt64BE(at + 46),
      matched: line === '' ? 0 : line.split('\x01').reduce((mask, term) => mask | (bits.get(term) ?? 0), 0),
      previousId: null,
      nextId: null,
      ...readExtra(bytes.subarray(at + FIELD_BYTES, at + FIELD_BYTES + extraBytes)),
    };
  });
}

const NO_ID = '00000000-0000-0000-0000-000000000000';

export function uuidAt(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** An id that may be none, as `unpack` is given it. */
export const orNoId = (id: Prisma.Sql): Prisma.Sql => Prisma.sql`uuid_send(coalesce(${id}, ${NO_ID}::uuid))`;
export const idOrNull = (bytes: Buffer, at: number): string | null => {
  const id = uuidAt(bytes, at);
  return id === NO_ID ? null : id;
};

/** Rows that are all there are in their sessions, each with the ones before and after it. */
export function linkSessions(rows: readonly Unpacked[]): Candidate[] {
  const linked = rows.map((row) => ({ ...row }));
  const inOrder = linked.filter(({ session }) => session !== 0n);
  inOrder.sort((a, b) => compare(a.session, b.session) || compare(a.createdSeq, b.createdSeq));
  inOrder.forEach((row, i) => {
    const next = inOrder[i + 1];
    if (next?.session !== row.session) return;
    row.nextId = next.id;
    next.previousId = row.id;
  });
  return linked;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));
