import { Prisma } from '../generated/prisma/client.js';
import type { Tx } from './client.js';
import { deleteMemories } from './deletion.js';

/** Whom or what to erase: a whole tenant, or one session of it. */
export interface Subject {
  accountId: string;
  /** As stored: empty for the default tenant. */
  tenantId: string;
  sessionId?: string | undefined;
}

/** Rows that are gone, by kind; of events how many were emptied. */
export interface ErasureCounts {
  memories: number;
  beliefs: number;
  chains: number;
  captures: number;
  events: number;
  proposals: number;
  replies: number;
  sentences: number;
  deliveries: number;
}

/** A request of an earlier version (it has no lease) that began before this and has no reply yet died: nothing will come of it. */
const STALE = '15 minutes';

/**
 * Removes all that is stored of a subject. Rows of events stay, empty, as a feed counts on sequence numbers without gaps; where the
 * tenant's name itself is to go they get `pseudonym` for it. The caller holds the account's lock.
 */
export async function erase(
  tx: Tx,
  subject: Subject,
  pseudonym: string,
  now: Date,
): Promise<{ ids: readonly string[]; counts: ErasureCounts }> {
  // Before the memories are gone, by which those of a session are known.
  const deliveries = await eraseDeliveries(tx, subject);
  const sources = subject.sessionId === undefined ? 0 : await eraseSources(tx, subject);
  const { ids, ...deleted } = await deleteMemories(tx, subject);
  const emptied = subject.sessionId === undefined ? await emptyEvents(tx, subject, pseudonym) : 0;
  return {
    ids,
    counts: {
      memories: ids.length,
      beliefs: deleted.beliefs,
      chains: deleted.chains + (await eraseChains(tx, subject)),
      captures: deleted.captures + (await eraseCaptures(tx, subject)),
      // Those of a tenant are emptied again, with the ones that spoke of no memory.
      events: Math.max(deleted.events, emptied, sources),
      proposals: deleted.proposals,
      replies: deleted.replies + (await eraseReplies(tx, subject, now)),
      sentences: deleted.sentences + (await eraseSentences(tx, subject)),
      deliveries,
    },
  };
}

/** The events of a tenant; of a session those of its memories. */
function ofSubject({ accountId, tenantId, sessionId }: Subject): Prisma.Sql {
  if (sessionId === undefined) return Prisma.sql`e.account_id = ${accountId}::uuid AND e.tenant_id = ${tenantId}`;
  const memories = Prisma.sql`FROM memories m JOIN memory_events told ON told.account_id = m.account_id`;
  const inSession = Prisma.sql`
    m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId} AND m.session_id = ${sessionId}`;
  return Prisma.sql`e.account_id = ${accountId}::uuid AND e.seq IN (
    SELECT told.seq ${memories} AND told.memory_id = m.id WHERE ${inSession} UNION
    SELECT told.seq ${memories} AND told.before_id = m.id WHERE ${inSession})`;
}

/** What is still to be sent of it is not sent any more. */
const eraseDeliveries = (tx: Tx, subject: Subject): Promise<number> =>
  tx.$executeRaw`
    DELETE FROM webhook_deliveries d USING memory_events e
    WHERE d.account_id = e.account_id AND d.seq = e.seq AND ${ofSubject(subject)}`;

const eraseSources = (tx: Tx, subject: Subject): Promise<number> =>
  tx.$executeRaw`UPDATE memory_events e SET source = NULL WHERE ${ofSubject(subject)}`;

const emptyEvents = (tx: Tx, subject: Subject, pseudonym: string): Promise<number> =>
  tx.$executeRaw`
    UPDATE memory_events e SET tenant_id = ${pseudonym}, topic = NULL, source = NULL, memory_id = NULL, before_id = NULL,
      verdict = NULL, confidence = NULL, reason = NULL, model = NULL, details = NULL
    WHERE ${ofSubject(subject)}`;

/**
 * Those that were left without a memory before. A chain that holds versions of another tenant, since somebody superseded across
 * tenants, is theirs from now on.
 */
async function eraseChains(tx: Tx, { accountId, tenantId, sessionId }: Subject): Promise<number> {
  if (sessionId !== undefined) return 0;
  await tx.$executeRaw`
    UPDATE chains c SET tenant_id = m.tenant_id FROM memories m
    WHERE c.account_id = ${accountId}::uuid AND c.tenant_id = ${tenantId} AND m.account_id = c.account_id AND m.chain_id = c.id`;
  return tx.$executeRaw`DELETE FROM chains WHERE account_id = ${accountId}::uuid AND tenant_id = ${tenantId}`;
}

/** Those too from which no fact was taken, or whose facts went before. */
const eraseCaptures = (tx: Tx, { accountId, tenantId, sessionId }: Subject): Promise<number> => {
  const ofSession = sessionId === undefined ? Prisma.empty : Prisma.sql`AND session_id = ${sessionId}`;
  return tx.$executeRaw`
    DELETE FROM captures WHERE account_id = ${accountId}::uuid AND tenant_id = ${tenantId} ${ofSession}`;
};

/** Of a session those too that name no memory, as it may be the session's: they hold a hash of what was sent. */
const eraseReplies = (tx: Tx, { accountId, tenantId, sessionId }: Subject, now: Date): Promise<number> => {
  const which = sessionId === undefined ? Prisma.sql`TRUE` : Prisma.sql`reply -> 'memoryIds' = '[]'::jsonb`;
  // A request that still runs comes after this: its key stays, or it could not end.
  return tx.$executeRaw`
    DELETE FROM idempotency_keys WHERE account_id = ${accountId}::uuid AND tenant_id = ${tenantId}
      AND CASE WHEN reply IS NOT NULL THEN ${which}
        ELSE coalesce(leased_until < ${now}::timestamptz, created_at < ${now}::timestamptz - ${STALE}::interval) END`;
};

/** Deleting memories forgets what answers said of them; a tenant may have sentences of memories that went before. */
const eraseSentences = async (tx: Tx, { accountId, tenantId }: Subject): Promise<number> => {
  const { count } = await tx.answerSentence.deleteMany({ where: { accountId, tenantId } });
  return count;
};
