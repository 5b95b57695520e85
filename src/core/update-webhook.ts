import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Tx } from '../store/client.js';
import { readLastSeq } from '../store/events.js';
import {
  changeWebhook,
  deleteWebhook as deleteStored,
  readOldestPending,
  readWebhook,
  type Webhook,
  type WebhookChanges,
} from '../store/webhooks.js';
import { authorize } from './authorize.js';
import { assertReached, webhookFields } from './create-webhook.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { cursor, optional, parseInput, uuid } from './parse-input.js';
import { createWebhookSecret, webhookSecretText } from './rules/webhook-secret.js';

const updateInput = z.object({
  webhookId: uuid,
  name: optional(webhookFields.name),
  url: optional(webhookFields.url),
  document: optional(webhookFields.document),
  isPaused: optional(z.boolean()),
});

export type UpdateWebhookInput = z.input<typeof updateInput>;

const notFound = (): AppError => new AppError('NOT_FOUND', 'There is no such webhook.', { field: 'webhookId' });

async function withWebhook<Result>(
  { db }: Deps,
  caller: Caller,
  id: string,
  work: (tx: Tx, webhook: Webhook) => Promise<Result>,
): Promise<Result> {
  return db.$transaction(async (tx) => {
    const webhook = await readWebhook(tx, caller, id);
    if (!webhook) throw notFound();
    return work(tx, webhook);
  });
}

/** Changes what is given. Resuming begins with the oldest message that was not delivered. @throws AppError INVALID_INPUT, NOT_FOUND */
export async function updateWebhook(
  deps: Deps,
  caller: Caller,
  input: Unchecked<UpdateWebhookInput>,
  query?: Projection,
): Promise<Webhook> {
  authorize(caller, 'settings');
  const { webhookId, name, url, document, isPaused } = parseInput(updateInput, input);
  const changes: WebhookChanges = {
    ...(name !== undefined && { name }),
    ...(url !== undefined && { url: await deps.webhookTerms.acceptUrl(url) }),
    ...(document !== undefined && { document: deps.webhookTerms.acceptDocument(document) }),
  };
  return withWebhook(deps, caller, webhookId, async (tx, webhook) =>
    changeWebhook(tx, caller.accountId, webhookId, { ...changes, ...(await toState(tx, webhook, isPaused)) }, query),
  );
}

async function toState(
  tx: Tx,
  { accountId, id, state, cursor: at }: Webhook,
  isPaused?: boolean,
): Promise<WebhookChanges> {
  if (isPaused === undefined || isPaused === (state === 'PAUSED')) return {};
  if (isPaused) return { state: 'PAUSED', disabledReason: null };
  // What had been queued was left undelivered meanwhile.
  const oldest = await readOldestPending(tx, accountId, id);
  return {
    state: 'ACTIVE',
    disabledReason: null,
    ...(oldest !== undefined && oldest <= at && { cursor: oldest - 1n }),
  };
}

/** Removes a webhook with its log. @throws AppError INVALID_INPUT, NOT_FOUND */
export async function deleteWebhook(
  deps: Deps,
  caller: Caller,
  input: Unchecked<{ webhookId: string }>,
): Promise<string> {
  authorize(caller, 'settings');
  const { webhookId } = parseInput(z.object({ webhookId: uuid }), input);
  await withWebhook(deps, caller, webhookId, (tx) => deleteStored(tx, caller.accountId, webhookId));
  return webhookId;
}

const replayInput = z.object({ webhookId: uuid, after: cursor });

/** Sends again what happened after a cursor, with the ids the messages had. @throws AppError INVALID_INPUT, NOT_FOUND */
export async function replayWebhook(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof replayInput>>,
  query?: Projection,
): Promise<Webhook> {
  authorize(caller, 'settings');
  const { webhookId, after } = parseInput(replayInput, input);
  assertReached(after, await readLastSeq(deps.db, caller.accountId));
  return withWebhook(deps, caller, webhookId, (tx) =>
    changeWebhook(tx, caller.accountId, webhookId, { cursor: after }, query),
  );
}

/** For how long messages are signed with the old secret too. */
const OVERLAP_MS = 24 * 3_600_000;

/** A new secret; messages are signed with both for a day. @throws AppError INVALID_INPUT, NOT_FOUND */
export async function rotateWebhookSecret(
  deps: Deps,
  caller: Caller,
  input: Unchecked<{ webhookId: string }>,
  query?: Projection,
): Promise<{ webhook: Webhook; secret: string }> {
  authorize(caller, 'settings');
  const { webhookId } = parseInput(z.object({ webhookId: uuid }), input);
  const secret = createWebhookSecret();
  const webhook = await withWebhook(deps, caller, webhookId, (tx, { secret: previousSecret }) => {
    const previousUntil = new Date(deps.now().getTime() + OVERLAP_MS);
    return changeWebhook(tx, caller.accountId, webhookId, { secret, previousSecret, previousUntil }, query);
  });
  return { webhook, secret: webhookSecretText(secret) };
}
