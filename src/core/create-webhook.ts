import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { readLastSeq } from '../store/events.js';
import { countWebhooks, insertWebhook, tellNodes, type Webhook } from '../store/webhooks.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { cursor, optional, parseInput, text } from './parse-input.js';
import { createWebhookSecret, webhookSecretText } from './rules/webhook-secret.js';

export type { Webhook } from '../store/webhooks.js';

/** Each is a subscription that every node follows. Of keys that are bound to a tenant, as many for each tenant. */
const MOST_WEBHOOKS = 20;

export const webhookFields = { name: text(128), url: text(2_000), document: text(20_000) };

const createInput = z.object({ ...webhookFields, name: optional(webhookFields.name), after: optional(cursor) });

export type CreateWebhookInput = z.input<typeof createInput>;

export interface CreateWebhookResult {
  webhook: Webhook;
  /** Shown this once. */
  secret: string;
}

/**
 * Sends events to a URL from now on, or from after a cursor, chosen and shaped by a subscription document.
 * @throws AppError INVALID_INPUT, QUOTA_EXCEEDED when the account has as many as it may
 */
export async function createWebhook(
  deps: Deps,
  caller: Caller,
  input: Unchecked<CreateWebhookInput>,
  query?: Projection,
): Promise<CreateWebhookResult> {
  authorize(caller, 'settings');
  authorize(caller, 'memories:read'); // which it goes on reading with
  const { name, url, document, after } = parseInput(createInput, input);
  const { db, now, webhookTerms } = deps;
  const accepted = { url: await webhookTerms.acceptUrl(url), document: webhookTerms.acceptDocument(document) };
  const newest = await readLastSeq(db, caller.accountId);
  assertReached(after, newest);
  const secret = createWebhookSecret();
  const webhook = await db.$transaction(async (tx) => {
    if ((await countWebhooks(tx, caller)) >= MOST_WEBHOOKS)
      throw new AppError('QUOTA_EXCEEDED', `An account has ${MOST_WEBHOOKS} webhooks at most.`);
    const created = await insertWebhook(
      tx,
      {
        accountId: caller.accountId,
        apiKeyId: caller.apiKeyId,
        ...accepted,
        id: randomUUID(),
        name: name ?? new URL(accepted.url).host,
        secret,
        cursor: after ?? newest,
        createdAt: now(),
      },
      query,
    );
    await tellNodes(tx);
    return created;
  });
  return { webhook, secret: webhookSecretText(secret) };
}

/** @throws AppError INVALID_INPUT */
export function assertReached(after: bigint | undefined, newest: bigint): void {
  if (after !== undefined && after > newest)
    throw new AppError('INVALID_INPUT', 'after: is a cursor that this account has not reached', { field: 'after' });
}
