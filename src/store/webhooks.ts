import type { Prisma } from '../generated/prisma/client.js';
import { type Account, type ApiKey, type Webhook, type WebhookDelivery } from '../generated/prisma/client.js';
import { CHANNEL, type Db, type Tx } from './client.js';
import type { Reach } from './reach.js';

export type { Webhook, WebhookDelivery } from '../generated/prisma/client.js';

/** What the channel of events carries when a webhook changed: all nodes look at the list again. */
export const WEBHOOKS_CHANGED = 'webhooks';

export type WebhookWithKey = Webhook & { apiKey: ApiKey & { account: Account } };

/** Within a transaction that made or changed a webhook. */
export const tellNodes = (tx: Tx): Promise<unknown> =>
  tx.$queryRaw`SELECT pg_notify(${CHANNEL}, ${WEBHOOKS_CHANGED}) IS NULL AS notified`;

export const insertWebhook = (
  tx: Tx,
  webhook: Omit<Prisma.WebhookUncheckedCreateInput, 'state'>,
  projection: object = {},
): Promise<Webhook> => tx.webhook.create({ ...projection, data: { ...webhook, state: 'ACTIVE' } });

/** Who is bound to a tenant knows of the webhooks of keys that are bound to the same. */
const within = ({ accountId, boundTenant }: Reach) => ({
  accountId,
  ...(boundTenant !== undefined && { apiKey: { boundTenant } }),
});

export const countWebhooks = (tx: Tx, reach: Reach): Promise<number> => tx.webhook.count({ where: within(reach) });

/** Webhooks within reach, oldest first. */
export const readWebhooks = (db: Db, reach: Reach, projection: object = {}): Promise<Webhook[]> =>
  db.webhook.findMany({ ...projection, where: within(reach), orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });

export const readWebhook = (db: Db | Tx, reach: Reach, id: string, projection: object = {}): Promise<Webhook | null> =>
  db.webhook.findUnique({
    ...projection,
    where: { accountId_id: { accountId: reach.accountId, id }, ...within(reach) },
  });

export const readWebhookWithKey = (db: Db, accountId: string, id: string): Promise<WebhookWithKey | null> =>
  db.webhook.findUnique({
    where: { accountId_id: { accountId, id } },
    include: { apiKey: { include: { account: true } } },
  });

/** All that follow events, of all accounts. */
export const readActiveWebhooks = (db: Db): Promise<Webhook[]> => db.webhook.findMany({ where: { state: 'ACTIVE' } });

export type WebhookChanges = Pick<
  Prisma.WebhookUncheckedUpdateInput,
  'name' | 'url' | 'document' | 'state' | 'disabledReason' | 'cursor' | 'secret' | 'previousSecret' | 'previousUntil'
>;

/** Changes a webhook, if it is there, so that every node takes it up anew. */
export async function changeWebhook(
  tx: Tx,
  accountId: string,
  id: string,
  changes: WebhookChanges,
  projection: object = {},
): Promise<Webhook> {
  const webhook = await tx.webhook.update({
    ...projection,
    where: { accountId_id: { accountId, id } },
    data: { ...changes, version: { increment: 1 } },
  });
  await tellNodes(tx);
  return webhook;
}

/** False if there is none. Its log goes along. */
export async function deleteWebhook(tx: Tx, accountId: string, id: string): Promise<boolean> {
  const { count } = await tx.webhook.deleteMany({ where: { accountId, id } });
  if (count > 0) await tellNodes(tx);
  return count > 0;
}

/**
 * Moves on past events that were looked at, and logs those to deliver. False when another node has done so, or the webhook
 * was changed meanwhile: then nothing was written.
 */
export async function advanceWebhook(
  tx: Tx,
  { accountId, id, version }: Webhook,
  { from, matched, at }: { from: bigint; matched: readonly bigint[]; at: Date },
): Promise<boolean> {
  const cursor = matched.at(-1) ?? from;
  const moved = await tx.webhook.updateMany({ where: { accountId, id, version, cursor: from }, data: { cursor } });
  if (moved.count === 0) return false;
  await tx.$executeRaw`
    INSERT INTO webhook_deliveries (account_id, webhook_id, seq, state, created_at)
    SELECT ${accountId}::uuid, ${id}::uuid, seq, 'PENDING', ${at}::timestamptz FROM unnest(${[...matched]}::bigint[]) AS seq
    ON CONFLICT (account_id, webhook_id, seq) DO UPDATE SET state = 'PENDING'`;
  return true;
}

export type DeliveryOutcome = Pick<WebhookDelivery, 'state' | 'responseStatus' | 'error' | 'durationMs'>;

/** Logs one try. A webhook that was deleted meanwhile has no log any more. */
export const recordAttempt = (
  db: Db,
  { accountId, webhookId, seq }: Pick<WebhookDelivery, 'accountId' | 'webhookId' | 'seq'>,
  outcome: DeliveryOutcome,
  attemptedAt: Date,
): Promise<unknown> =>
  db.webhookDelivery.updateMany({
    where: { accountId, webhookId, seq },
    data: { ...outcome, attemptedAt, attempts: { increment: 1 } },
  });

/** Log of a webhook, newest first. */
export const readDeliveries = (
  db: Db,
  { accountId, id }: Pick<Webhook, 'accountId' | 'id'>,
  { before, limit }: { before: bigint | undefined; limit: number },
): Promise<WebhookDelivery[]> =>
  db.webhookDelivery.findMany({
    where: { accountId, webhookId: id, ...(before !== undefined && { seq: { lt: before } }) },
    orderBy: { seq: 'desc' },
    take: limit,
  });

/** The oldest message that is still to be delivered. */
export async function readOldestPending(tx: Tx, accountId: string, webhookId: string): Promise<bigint | undefined> {
  const oldest = await tx.webhookDelivery.findFirst({
    where: { accountId, webhookId, state: 'PENDING' },
    orderBy: { seq: 'asc' },
    select: { seq: true },
  });
  return oldest?.seq;
}
