import { toSql } from 'pgvector';
import { Prisma } from '../generated/prisma/client.js';

/** A memory with all that its rank depends on. */
export interface Candidate {
  /** 32 hexadecimal digits; see uuidOf. */
  id: string;
  createdSeq: number;
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

/** What became of a memory that was looked up. */
export interface Checked {
  /** Its cosine with the question if it matches. */
  similarity: number | undefined;
  /** It is no longer current, and will never be again. */
  isOver: boolean;
}

/**
 * Many rows as one, by column: to receive a thousand of them one by one would take several times as long as to find them. Each
 * column holds the binary form of every row's value, one after the other; null for no rows.
 */
export interface Packed {
  ids: Uint8Array | null;
  seqs: Uint8Array;
  since: Uint8Array;
  ranks: Uint8Array;
  lengths: Uint8Array;
  cosines: Uint8Array;
  sessions: Uint8Array;
  /** Of each row a line with the terms that it holds, separated by U+0001. */
  words: string;
  previous?: Uint8Array;
  next?: Uint8Array;
}

/** A question longer than so many terms says nothing more about what is sought; as many as a bit mask has bits. */
const MAX_TERMS = 31;

/** The lexemes of a text as PostgreSQL's English dictionary has them, and the query that finds any of them; null for none. */
export const asked = (text: string): Prisma.Sql => Prisma.sql`
  SELECT terms, (SELECT string_agg('''' || replace(replace(term, '\\', '\\\\'), '''', '''''') || '''', ' | ')
                 FROM unnest(terms) AS term)::tsquery AS any_of
  FROM (SELECT (tsvector_to_array(to_tsvector('english', ${text})))[1:${MAX_TERMS}::int] AS terms) AS lexed`;

export const vectorOf = ({ vector }: Sought): Prisma.Sql => Prisma.sql`${toSql([...vector]) as string}::vector`;

/** The same with the vector that is sought, as `features` reads them; parsed once, however often it is compared. */
export const askedFor = (sought: Sought): Prisma.Sql =>
  Prisma.sql`SELECT lexed_for.*, ${vectorOf(sought)} AS near FROM (${asked(sought.text)}) AS lexed_for`;

/** That `memories m` holds one of the terms of `asked`, and which: what is left once all others are taken away. */
const heldTerms = Prisma.sql`CASE WHEN m.lexemes @@ asked.any_of THEN array_to_string(
    tsvector_to_array(ts_delete(m.lexemes, tsvector_to_array(ts_delete(m.lexemes, asked.terms)))), E'\\x01') ELSE '' END`;

/** The cosine of `memories m` and the vector that is `near` of `asked`, 0 to 1. Vectors of another model are of another length: to compare them would be an error, not a low rank. */
export const similarity = ({ embeddingModel }: Sought): Prisma.Sql => Prisma.sql`
  CASE WHEN m.embedding_model = ${embeddingModel}
    THEN greatest(0, coalesce(nullif(1 - (m.embedding <=> asked.near), 'NaN'), 0)) ELSE 0 END`;

/** What `unpack` reads, of each row of `memories m` beside `asked`. */
export const features = (sought: Sought): Prisma.Sql => Prisma.sql`
  m.id, m.created_seq, m.valid_from, m.importance, length(m.lexemes) AS length, ${similarity(sought)} AS similarity,
  CASE WHEN m.session_id IS NULL THEN 0 ELSE hashtextextended(m.session_id, 0) END AS session, ${heldTerms} AS words`;

/** One column of many rows. */
const column = (bytes: string, name: string): Prisma.Sql => Prisma.raw(`string_agg(${bytes}, ''::bytea) AS "${name}"`);

/** Rows of `features` as `Packed`. */
export const packed = Prisma.join([
  column('uuid_send(id)', 'ids'),
  column('int8send(created_seq)', 'seqs'),
  column('timestamptz_send(valid_from)', 'since'),
  column('int2send(importance)', 'ranks'),
  column('int4send(length)', 'lengths'),
  column('float8send(similarity)', 'cosines'),
  column('int8send(session)', 'sessions'),
  Prisma.raw(`string_agg(words, E'\\n') AS words`),
]);

const NO_ID = '0'.repeat(32);
/** The same of rows that tell their neighbours. */
export const packedWithNeighbours = Prisma.join([
  packed,
  column(`uuid_send(coalesce(previous, '${NO_ID}'))`, 'previous'),
  column(`uuid_send(coalesce(next, '${NO_ID}'))`, 'next'),
]);

/** PostgreSQL counts microseconds from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const UUID_BYTES = 16;

export interface Unpacked extends Candidate {
  /** A hash of its session; 0 for none. */
  session: number;
}

/** The rows that came as one. */
export function unpack(rows: Packed, terms: readonly string[]): Unpacked[] {
  if (rows.ids === null) return [];
  const bits = new Map(terms.map((term, i) => [term, 1 << i]));
  const [ids, seqs, since, ranks] = [rows.ids, rows.seqs, rows.since, rows.ranks].map(toBuffer) as FourBuffers;
  const [lengths, cosines, sessions] = [rows.lengths, rows.cosines, rows.sessions].map(toBuffer) as FourBuffers;
  const previous = rows.previous && toBuffer(rows.previous);
  const next = rows.next && toBuffer(rows.next);
  return rows.words.split('\n').map((line, i) => ({
    id: hexAt(ids, i),
    createdSeq: int64At(seqs, i),
    validFrom: new Date(EPOCH_MS + Math.floor(int64At(since, i) / 1000)),
    importance: ranks.readInt16BE(i * 2),
    length: lengths.readInt32BE(i * 4),
    similarity: cosines.readDoubleBE(i * 8),
    session: int64At(sessions, i),
    matched: line === '' ? 0 : line.split('\x01').reduce((mask, term) => mask | (bits.get(term) ?? 0), 0),
    previousId: previous ? idOrNull(hexAt(previous, i)) : null,
    nextId: next ? idOrNull(hexAt(next, i)) : null,
  }));
}

/** By id, what `checkMemories` reads. */
export function unpackChecked(rows: {
  ids: Uint8Array | null;
  cosines: Uint8Array;
  matching: string;
}): Map<string, Checked> {
  if (rows.ids === null) return new Map();
  const [ids, cosines] = [toBuffer(rows.ids), toBuffer(rows.cosines)];
  return new Map(
    Array.from(rows.matching, (state, i) => [
      hexAt(ids, i),
      { similarity: state === 'y' ? cosines.readDoubleBE(i * 8) : undefined, isOver: state === 'x' },
    ]),
  );
}

type FourBuffers = [Buffer, Buffer, Buffer, Buffer];
const toBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
/** To 53 bits: sequence numbers and times fit, and of a hash so many are enough. */
const int64At = (bytes: Buffer, i: number): number =>
  bytes.readInt32BE(i * 8) * 2 ** 32 + bytes.readUInt32BE(i * 8 + 4);
const hexAt = (bytes: Buffer, i: number): string => bytes.toString('hex', i * UUID_BYTES, (i + 1) * UUID_BYTES);
const idOrNull = (hex: string): string | null => (hex === NO_ID ? null : hex);

/** An id as everybody writes it. */
export const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/** How many of the memories hold each of `terms` terms, by what each `matched`. */
export function holdingOf(terms: number, matched: Iterable<number>): number[] {
  const holding = Array<number>(terms).fill(0);
  for (const bits of matched)
    for (let i = 0, rest = bits; rest !== 0; i++, rest >>>= 1) if (rest & 1) holding[i] = (holding[i] ?? 0) + 1;
  return holding;
}

/** Tells rows that are all there are in their sessions which ones stand before and after each. */
export function linkSessions(rows: readonly Unpacked[]): readonly Candidate[] {
  const inOrder = rows.filter(({ session }) => session !== 0);
  inOrder.sort((a, b) => a.session - b.session || a.createdSeq - b.createdSeq);
  inOrder.forEach((row, i) => {
    const next = inOrder[i + 1];
    if (next?.session !== row.session) return;
    row.nextId = next.id;
    next.previousId = row.id;
  });
  return rows;
}
