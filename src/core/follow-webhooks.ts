import type { Tx } from '../store/client.js';
import {
  advanceWebhook,
  changeWebhook,
  readActiveWebhooks,
  readWebhook,
  readWebhookWithKey,
  recordAttempt,
  WEBHOOKS_CHANGED,
  type DeliveryOutcome,
  type Webhook,
  type WebhookWithKey,
} from '../store/webhooks.js';
import { callerOf } from './authenticate.js';
import type { Caller, Deps } from './deps.js';
import { outlast } from './outlast.js';

export type { DeliveryOutcome, Webhook } from '../store/webhooks.js';

/** A message to deliver: an event for a receiver. Holds no text of a memory, which the queue would keep. */
export interface Message {
  accountId: string;
  webhookId: string;
  /** Of the event; a number fits what an account can write in any lifetime. */
  seq: number;
}

/** A lost hint costs a change of webhooks at most this; a reconnect of the listener hints at everything. */
const POLL_MS = 60_000;

/** The active webhooks of all accounts: now, and again whenever one may have changed. */
export async function* watchWebhooks({ db, wakeups }: Deps, signal: AbortSignal): AsyncGenerator<Webhook[]> {
  while (!signal.aborted) {
    const woken = wakeups.next(WEBHOOKS_CHANGED, POLL_MS, signal); // armed before the read, so that nothing falls between
    yield await outlast(() => readActiveWebhooks(db), signal);
    await woken;
  }
}

/**
 * Queues messages for the events that were matched, and moves the webhook on past them, both or neither. False when
 * another node was first, or the webhook was changed.
 */
export const queueMatched = (
  { db, now }: Deps,
  webhook: Webhook,
  { from, matched }: { from: bigint; matched: readonly bigint[] },
  queue: (tx: Tx, messages: readonly Message[]) => Promise<void>,
): Promise<boolean> =>
  db.$transaction(async (tx) => {
    if (!(await advanceWebhook(tx, webhook, { from, matched, at: now() }))) return false;
    const { accountId, id: webhookId } = webhook;
    await queue(
      tx,
      matched.map((seq) => ({ accountId, webhookId, seq: Number(seq) })),
    );
    return true;
  });

/** As it is now; null once it is gone, was changed, or does not follow events any more. */
export async function rereadWebhook({ db }: Deps, { accountId, id, version }: Webhook): Promise<Webhook | null> {
  const webhook = await readWebhook(db, { accountId }, id);
  return webhook?.state === 'ACTIVE' && webhook.version === version ? webhook : null;
}

/** A webhook with the key that it acts for, as that key is now. */
export interface Receiver {
  webhook: Webhook;
  caller: Caller;
}

/** Where a message goes; null if it goes nowhere now. A webhook whose key has lost the right to read is disabled. */
export async function receiverOf(
  deps: Deps,
  { accountId, webhookId }: Pick<Message, 'accountId' | 'webhookId'>,
): Promise<Receiver | null> {
  const webhook = await readWebhookWithKey(deps.db, accountId, webhookId);
  if (webhook?.state !== 'ACTIVE') return null;
  const { apiKey } = webhook;
  // Of a blocked account messages go on as they did: what they tell of was written before.
  const caller = callerOf({ ...apiKey, planTier: apiKey.account.planTier });
  const why = lostRightOf(apiKey, caller, deps.now());
  if (why === null) return { webhook, caller };
  await disableWebhook(deps, webhook, why);
  return null;
}

function lostRightOf({ revokedAt, expiresAt }: WebhookWithKey['apiKey'], { scopes }: Caller, now: Date): string | null {
  if (revokedAt) return 'its API key was revoked';
  if (expiresAt && expiresAt <= now) return 'its API key has expired';
  return scopes.has('memories:read') ? null : 'its API key lacks the scope memories:read';
}

export const disableWebhook = ({ db }: Deps, { accountId, id }: Webhook, disabledReason: string): Promise<unknown> =>
  db.$transaction((tx) => changeWebhook(tx, accountId, id, { state: 'DISABLED', disabledReason }));

export const logAttempt = ({ db, now }: Deps, message: Message, outcome: DeliveryOutcome): Promise<unknown> =>
  recordAttempt(db, { ...message, seq: BigInt(message.seq) }, outcome, now());
