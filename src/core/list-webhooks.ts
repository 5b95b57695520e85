import { z } from 'zod';
import { readDeliveries, readWebhooks, type Webhook, type WebhookDelivery } from '../store/webhooks.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { cursor, optional, parseInput } from './parse-input.js';

export type { WebhookDelivery } from '../store/webhooks.js';

/** The account's webhooks, oldest first; where the caller is bound to a tenant, those of keys that are bound to the same. */
export async function listWebhooks({ db }: Deps, caller: Caller, query?: Projection): Promise<Webhook[]> {
  authorize(caller, 'settings');
  return readWebhooks(db, caller, query);
}

const pageInput = z.object({
  limit: optional(z.number().int().min(1).max(1_000)),
  before: optional(cursor),
});

export interface DeliveryPage {
  /** Newest first. */
  deliveries: readonly WebhookDelivery[];
  hasMore: boolean;
}

/** What was sent by a webhook of the caller's account, and how it went. @throws AppError INVALID_INPUT */
export async function listDeliveries(
  { db }: Deps,
  webhook: Pick<Webhook, 'accountId' | 'id'>,
  input: Unchecked<z.input<typeof pageInput>>,
): Promise<DeliveryPage> {
  const { limit = 50, before } = parseInput(pageInput, input);
  const deliveries = await readDeliveries(db, webhook, { before, limit: limit + 1 });
  return { deliveries: deliveries.slice(0, limit), hasMore: deliveries.length > limit };
}
