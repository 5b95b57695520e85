import { Prisma } from '../generated/prisma/client.js';
import type { Tx } from './client.js';

/** Which memories are to go; conditions add up, and none means the whole account. */
export interface DeletionScope {
  accountId: string;
  tenantId?: string | undefined;
  sessionId?: string | undefined;
  memoryId?: string | undefined;
}

/** What is gone, as row counts; of events how many were emptied. */
export interface Deletion {
  ids: readonly string[];
  beliefs: number;
  chains: number;
  captures: number;
  events: number;
  proposals: number;
  replies: number;
  sentences: number;
}

const NOTHING: Deletion = {
  ids: [],
  beliefs: 0,
  chains: 0,
  captures: 0,
  events: 0,
  proposals: 0,
  replies: 0,
  sentences: 0,
};

/**
 * Removes memories for good, with their older beliefs, the captures and chains that are left without any, and what
 * events and stored replies held beyond ids. Versions that pointed to one of them point past it. The caller holds the
 * account's lock.
 */
export async function deleteMemories(tx: Tx, scope: DeletionScope): Promise<Deletion> {
  const { accountId } = scope;
  const rows = await tx.$queryRaw<{ id: string }[]>`SELECT m.id FROM memories m WHERE ${inDeletion(scope)}`;
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return NOTHING;
  const gone = Prisma.sql`ANY (${ids}::uuid[])`;
  await relink(tx, accountId, ids);
  const proposals = await tx.$executeRaw`
    DELETE FROM supersession_proposals WHERE account_id = ${accountId}::uuid AND (old_id = ${gone} OR new_id = ${gone})`;
  const beliefs = await tx.$executeRaw`
    DELETE FROM memory_beliefs WHERE account_id = ${accountId}::uuid AND memory_id = ${gone}`;
  const events = (await emptyVerdictsOn(tx, accountId, ids)) + (await emptyEventsOf(tx, accountId, ids));
  const removed = await tx.$queryRaw<{ captureId: string; chainId: string }[]>`
    DELETE FROM memories WHERE account_id = ${accountId}::uuid AND id = ${gone}
    RETURNING capture_id AS "captureId", chain_id AS "chainId"`;
  const captures = await tx.$executeRaw`
    DELETE FROM captures c WHERE c.account_id = ${accountId}::uuid AND c.id = ANY (${removed.map((row) => row.captureId)}::uuid[])
      AND NOT EXISTS (SELECT 1 FROM memories m WHERE m.account_id = c.account_id AND m.capture_id = c.id)`;
  const chains = await tx.$executeRaw`
    DELETE FROM chains c WHERE c.account_id = ${accountId}::uuid AND c.id = ANY (${removed.map((row) => row.chainId)}::uuid[])
      AND NOT EXISTS (SELECT 1 FROM memories m WHERE m.account_id = c.account_id AND m.chain_id = c.id)`;
  // Sentences of answers may have been made of what is gone now.
  const { count: sentences } = await tx.answerSentence.deleteMany({
    where: { accountId, ...(scope.tenantId === undefined ? {} : { tenantId: scope.tenantId }) },
  });
  const replies = await tx.$executeRaw`
    DELETE FROM idempotency_keys WHERE account_id = ${accountId}::uuid AND key IN (
      SELECT k.key FROM idempotency_keys k, jsonb_array_elements_text(k.reply -> 'memoryIds') AS named (id)
      JOIN unnest(${ids}::text[]) AS gone (id) ON gone.id = named.id
      WHERE k.account_id = ${accountId}::uuid)`;
  return { ids, beliefs, chains, captures, events, proposals, replies, sentences };
}

async function emptyEventsOf(tx: Tx, accountId: string, ids: readonly string[]): Promise<number> {
  const gone = Prisma.sql`ANY (${ids}::uuid[])`;
  return tx.$executeRaw`
    UPDATE memory_events SET reason = NULL, details = NULL, topic = NULL,
      memory_id = CASE WHEN memory_id = ${gone} THEN NULL ELSE memory_id END,
      before_id = CASE WHEN before_id = ${gone} THEN NULL ELSE before_id END
    WHERE account_id = ${accountId}::uuid AND (memory_id = ${gone} OR before_id = ${gone})`;
}

/**
 * What the classifier said of memories that stay, when one that is gone came in: its reason may quote either. Recorded in the
 * transaction that stored the newcomer, which is how such an event is found through an index.
 */
async function emptyVerdictsOn(tx: Tx, accountId: string, ids: readonly string[]): Promise<number> {
  return tx.$executeRaw`
    UPDATE memory_events e SET reason = NULL, details = NULL FROM memories m
    WHERE m.account_id = ${accountId}::uuid AND m.id = ANY (${ids}::uuid[])
      AND e.account_id = m.account_id AND e.tenant_id = m.tenant_id AND e.created_at = m.known_from
      AND e.kind = 'CLASSIFIED' AND e.details ->> 'newMemoryId' = m.id::text AND e.memory_id <> ALL (${ids}::uuid[])`;
}

function inDeletion({ accountId, tenantId, sessionId, memoryId }: DeletionScope): Prisma.Sql {
  const conditions = [Prisma.sql`m.account_id = ${accountId}::uuid`];
  if (tenantId !== undefined) conditions.push(Prisma.sql`m.tenant_id = ${tenantId}`);
  if (sessionId !== undefined) conditions.push(Prisma.sql`m.session_id = ${sessionId}`);
  if (memoryId !== undefined) conditions.push(Prisma.sql`m.id = ${memoryId}::uuid`);
  return Prisma.join(conditions, ' AND ');
}

/** Versions that stay point to the next version that stays; to none, if there is none: they have then merely ended. */
async function relink(tx: Tx, accountId: string, ids: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    WITH RECURSIVE gone AS (SELECT unnest(${ids}::uuid[]) AS id), path AS (
      SELECT m.id AS start, m.superseded_by_id AS next FROM memories m JOIN gone ON gone.id = m.id
      WHERE m.account_id = ${accountId}::uuid
      UNION
      SELECT path.start, m.superseded_by_id FROM path
      JOIN memories m ON m.account_id = ${accountId}::uuid AND m.id = path.next
      WHERE path.next IN (SELECT id FROM gone)
    ), staying AS (
      SELECT start, next FROM path WHERE next IS NULL OR next NOT IN (SELECT id FROM gone)
    ), relinked AS (
      UPDATE memory_beliefs b SET superseded_by_id = staying.next FROM staying
      WHERE b.account_id = ${accountId}::uuid AND b.superseded_by_id = staying.start
    )
    UPDATE memories m SET superseded_by_id = staying.next FROM staying
    WHERE m.account_id = ${accountId}::uuid AND m.superseded_by_id = staying.start
      AND m.id NOT IN (SELECT id FROM gone)`;
}
