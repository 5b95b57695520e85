import { Prisma, type Capture, type Memory } from '../generated/prisma/client.js';
import { PLANNED_EACH_TIME, type Db, type Tx } from './client.js';
import { asSystem } from './guard.js';
import { ofTenant, type Reach } from './reach.js';
import { fromWholeNumbers, writeVector, type WrittenVector } from './stored-vector.js';

export type { Capture, Memory } from '../generated/prisma/client.js';
/**
 * A memory as the store gives it; with its capture where no projection asked for something else, and with `viewedAt` where
 * its windows are those that were believed at that instant.
 */
export type MemoryRow = Memory & { capture?: Capture; viewedAt?: Date };

export interface NewCapture {
  id: string;
  tenantId: string;
  apiKeyId: string;
  source: string;
  channel: string;
  sessionId: string | undefined;
  messages: unknown;
  provider: string | undefined;
  model: string | undefined;
  promptVersion: string | undefined;
  isByoLlm: boolean;
  inputTokens: number | undefined;
  outputTokens: number | undefined;
}

export interface NewMemory {
  id: string;
  chainId: string;
  /** The chain begins with this memory. */
  isFirst: boolean;
  text: string;
  topic: string;
  importance: number;
  importanceWord: string | undefined;
  messageIndex: number | undefined;
  spanStart: number | undefined;
  spanEnd: number | undefined;
  createdSeq: bigint;
  validFrom: Date;
  /** Set when it is already known what came after it. */
  closed: { validTo: Date; supersededById: string | null } | undefined;
  /** In bulk it is written ahead: that takes longer than all else that is done with a row. */
  embedding: Float32Array | WrittenVector;
}

/** What one write brought. */
export interface NewWrite {
  capture: NewCapture;
  memories: readonly NewMemory[];
}

/**
 * Inserts what writes brought, with their captures and new chains: one statement for any number of memories. The
 * vector index, most of the cost of a row, is left to `indexPending`; until then searches compare these rows one by one.
 */
export async function insertMemories(
  tx: Tx,
  where: { accountId: string; at: Date; embeddingModel: string },
  writes: readonly NewWrite[],
): Promise<void> {
  const rows = writes.flatMap(({ capture, memories }) => memories.map((memory) => toRow(capture, memory)));
  const captures = writes.map(({ capture }) => capture);
  const [first] = writes.flatMap(({ memories }) => memories);
  const { dimensions } = writtenVector(first?.embedding ?? new Float32Array());
  await tx.$executeRaw`
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
        "captureId" uuid, "tenantId" text, source text, channel text, "sessionId" text,
        id uuid, "chainId" uuid, "isFirst" boolean, text text, topic text, importance smallint, "importanceWord" text,
        "messageIndex" integer, "spanStart" integer, "spanEnd" integer, "createdSeq" bigint, "validFrom" timestamptz,
        "validTo" timestamptz, "supersededById" uuid, embedding text)
    ), new_chains AS (
      INSERT INTO chains (account_id, id, tenant_id, created_at)
      SELECT ${where.accountId}::uuid, "chainId", "tenantId", ${where.at}::timestamptz FROM new WHERE "isFirst"
    ), new_captures AS (
      INSERT INTO captures (account_id, id, tenant_id, api_key_id, source, channel, session_id, messages,
                            provider, model, prompt_version, is_byo_llm, input_tokens, output_tokens, captured_at)
      SELECT ${where.accountId}::uuid, id, "tenantId", "apiKeyId", source, channel, "sessionId", messages,
             provider, model, "promptVersion", "isByoLlm", "inputTokens", "outputTokens", ${where.at}::timestamptz
      FROM jsonb_to_recordset(${JSON.stringify(captures)}::jsonb) AS capture (
        id uuid, "tenantId" text, "apiKeyId" uuid, source text, channel text, "sessionId" text, messages jsonb,
        provider text, model text, "promptVersion" text, "isByoLlm" boolean, "inputTokens" integer, "outputTokens" integer)
    )
    INSERT INTO memories (account_id, id, chain_id, capture_id, tenant_id, text, topic, importance, importance_word,
                          source, channel, session_id, message_index, span_start, span_end, created_seq, valid_from,
                          valid_to, known_from, known_to, superseded_by_id, believed_from, embedding_model, embedding,
                          near_indexed)
    SELECT ${where.accountId}::uuid, id, "chainId", "captureId", "tenantId", text, topic, importance,
           "importanceWord", source, channel, "sessionId", "messageIndex",
           "spanStart", "spanEnd", "createdSeq", "validFrom", "validTo", ${where.at}::timestamptz,
           CASE WHEN "supersededById" IS NULL THEN NULL ELSE ${where.at}::timestamptz END,
           "supersededById", ${where.at}::timestamptz, ${where.embeddingModel},
           ${fromWholeNumbers(Prisma.sql`embedding`, dimensions)}, FALSE
    FROM new ORDER BY "createdSeq"`;
}

/** Written out, as are the others on the way of a row: with `...` it takes five times as long, which tells in bulk. */
const toRow = (capture: NewCapture, memory: NewMemory) => ({
  captureId: capture.id,
  tenantId: capture.tenantId,
  source: capture.source,
  channel: capture.channel,
  sessionId: capture.sessionId,
  id: memory.id,
  chainId: memory.chainId,
  isFirst: memory.isFirst,
  text: memory.text,
  topic: memory.topic,
  importance: memory.importance,
  importanceWord: memory.importanceWord,
  messageIndex: memory.messageIndex,
  spanStart: memory.spanStart,
  spanEnd: memory.spanEnd,
  createdSeq: memory.createdSeq.toString(),
  validFrom: memory.validFrom,
  validTo: memory.closed?.validTo,
  supersededById: memory.closed?.supersededById,
  embedding: writtenVector(memory.embedding).text,
});

const writtenVector = (vector: NewMemory['embedding']): WrittenVector =>
  'text' in vector ? vector : writeVector(vector);

export interface ClosedWindow {
  id: string;
  validTo: Date;
  supersededById: string | null;
  /** It was never true; its window must be empty. */
  isRetracted?: boolean;
  /** It still holds: its end lies ahead. */
  isStillCurrent?: boolean;
}

/**
 * Closes a window, or narrows one closed before; what was believed until now goes to memory_beliefs, so that every
 * earlier state stays readable. The caller holds the account's lock.
 */
export async function closeWindow(tx: Tx, where: { accountId: string; at: Date }, window: ClosedWindow): Promise<void> {
  await tx.$executeRaw`
    WITH archived AS (
      INSERT INTO memory_beliefs (account_id, memory_id, known_from, known_to, valid_to, superseded_by_id)
      SELECT account_id, id, believed_from, ${where.at}::timestamptz, valid_to, superseded_by_id
      FROM memories
      WHERE account_id = ${where.accountId}::uuid AND id = ${window.id}::uuid AND believed_from < ${where.at}::timestamptz
    )
    UPDATE memories
    SET valid_to = ${window.validTo}::timestamptz, superseded_by_id = ${window.supersededById}::uuid,
        known_to = CASE WHEN ${window.isStillCurrent ?? false} THEN known_to ELSE coalesce(known_to, ${where.at}::timestamptz) END,
        retracted_at = CASE WHEN ${window.isRetracted ?? false} THEN ${where.at}::timestamptz ELSE retracted_at END,
        believed_from = ${where.at}::timestamptz
    WHERE account_id = ${where.accountId}::uuid AND id = ${window.id}::uuid`;
}

/** What makes a fact the same as another: tenant, source, channel and the first 100 characters of the text. */
export interface Saying {
  tenantId: string;
  source: string;
  channel: string;
  text: string;
}

/** A memory by which of the facts asked for it repeats. */
export interface Repeated {
  /** The fact's place among those asked for. */
  index: number;
  id: string;
  validFrom: Date;
}

/** Memories that are current at `at` and say the same as one of these facts: one statement for any number. */
export async function findRepeated(tx: Tx, accountId: string, facts: readonly Saying[], at: Date): Promise<Repeated[]> {
  const sought = facts.map(({ tenantId, source, channel, text }, index) => ({
    ...{ index, tenantId, source, channel },
    fingerprint: fingerprint(text),
  }));
  // Looked up one by one ("offset 0" keeps it so): a join that the planner made of it went through all memories of the account,
  // and so did, later, a plan that was kept from when there were hardly any.
  return tx.$queryRaw`${Prisma.raw(PLANNED_EACH_TIME)}
    SELECT sought.index, found.id, found.valid_from AS "validFrom"
    FROM jsonb_to_recordset(${JSON.stringify(sought)}::jsonb) AS sought (
      index integer, "tenantId" text, source text, channel text, fingerprint text)
    CROSS JOIN LATERAL (
      SELECT m.id, m.valid_from FROM memories m
      WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = sought."tenantId" AND m.source = sought.source
        AND m.channel = sought.channel AND left(m.text, 100) = sought.fingerprint AND m.known_to IS NULL
        AND (m.valid_to IS NULL OR m.valid_to > ${at}::timestamptz)
      OFFSET 0) AS found`;
}

/** First 100 characters, counted as PostgreSQL's left() counts: code points, not UTF-16 units. */
export const fingerprint = (text: string): string => [...text.slice(0, 200)].slice(0, 100).join('');

/** Every version of the chains that these memories belong to. */
export async function readVersionsBeside(
  tx: Db | Tx,
  accountId: string,
  memoryIds: readonly string[],
): Promise<Memory[]> {
  const where = { accountId, id: { in: [...memoryIds] } };
  // Two look-ups by key: as one nested filter, PostgreSQL joins all memories of the account with each other.
  const beside = await tx.memory.findMany({ where, select: { chainId: true } });
  const chainIds = [...new Set(beside.map(({ chainId }) => chainId))];
  return tx.memory.findMany({
    where: { accountId, chainId: { in: chainIds } },
    orderBy: [{ validFrom: 'asc' }, { createdSeq: 'asc' }],
  });
}

/** Those of these memories that are stored, current or not. */
export async function readStoredIds(tx: Tx, accountId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.memory.findMany({ where: { accountId, id: { in: [...ids] } }, select: { id: true } });
  return rows.map(({ id }) => id);
}

/** Those of these memories that are held current. */
export async function readCurrentIds(tx: Tx, accountId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.memory.findMany({
    where: { accountId, id: { in: [...ids] }, knownTo: null },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** Chains that turned out to be about one fact become one. The caller holds the account's lock. */
export async function mergeChains(tx: Tx, accountId: string, into: string, absorbed: readonly string[]): Promise<void> {
  await tx.memory.updateMany({ where: { accountId, chainId: { in: [...absorbed] } }, data: { chainId: into } });
  await tx.chain.deleteMany({ where: { accountId, id: { in: [...absorbed] } } });
}

const WITH_CAPTURE = { include: { capture: true } };

/** One memory within reach, or null. `projection`: what to select; with its capture if left out. */
export const readMemory = (
  db: Db | Tx,
  reach: Reach,
  id: string,
  projection: object = WITH_CAPTURE,
): Promise<MemoryRow | null> =>
  db.memory.findUnique({
    ...projection,
    where: { accountId_id: { accountId: reach.accountId, id }, ...ofTenant(reach) },
  });

/** The memories within reach that have these ids, in this order. */
export async function readMemories(
  db: Db,
  reach: Reach,
  ids: readonly string[],
  projection: object = WITH_CAPTURE,
): Promise<MemoryRow[]> {
  if (ids.length === 0) return [];
  const where = { accountId: reach.accountId, id: { in: [...ids] }, ...ofTenant(reach) };
  const rows: MemoryRow[] = await db.memory.findMany({ ...projection, where });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** The texts of memories of the account, by id. */
export async function readTexts(db: Db, accountId: string, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.memory.findMany({
    where: { accountId, id: { in: [...ids] } },
    select: { id: true, text: true },
  });
  return new Map(rows.map(({ id, text }) => [id, text]));
}

/** Whether any account has a memory with this id. */
export const isMemoryOfSomebody = async (db: Db, id: string): Promise<boolean> =>
  (await asSystem(() => db.memory.findFirst({ where: { id }, select: { id: true } }))) !== null;

/** Texts of the newest current memories of a session, oldest first. */
export async function readSessionTexts(
  db: Db,
  scope: { accountId: string; tenantId: string; sessionId: string },
  limit: number,
): Promise<string[]> {
  const rows = await db.memory.findMany({
    where: { ...scope, knownTo: null },
    orderBy: { createdSeq: 'desc' },
    take: limit,
    select: { text: true },
  });
  return rows.map(({ text }) => text).reverse();
}
