import {
  disableWebhook,
  logAttempt,
  receiverOf,
  type DeliveryOutcome,
  type Message,
  type Receiver,
} from '../core/follow-webhooks.js';
import type { Deps } from '../core/deps.js';
import { isOutage } from '../errors.js';
import { schema } from '../graphql/schema.js';
import { readDocument } from './document.js';
import { eventsOf, type Matched } from './events.js';
import { signMessage, type SignedMessage } from './message.js';

/** As fetch, to where callers say: nothing but what the guard lets out. */
export type Post = (url: string, init: RequestInit) => Promise<Response>;

/** A receiver answers at once and works later; one that does not is asked again. */
const ANSWER_MS = 15_000;
const PATIENCE_MS = 5_000;
const GONE = 410;
const NONE = { responseStatus: null, error: null, durationMs: null };

/**
 * Sends one message, made from the event as it reads now, and logs the try. True when there is nothing more to do: it was
 * received, its receiver is gone, or it waits for a paused one to resume.
 */
export async function deliver(
  deps: Deps,
  post: Post,
  message: Message,
  isLastTry: boolean,
  patienceMs = PATIENCE_MS,
): Promise<boolean> {
  const receiver = await receiverOf(deps, message);
  if (!receiver) return true;
  const { webhook } = receiver;
  const document = readDocument(schema, webhook.document);
  const event = await eventAt(deps, receiver, BigInt(message.seq), patienceMs).catch(async (error: unknown) => {
    // Not so for an outage, which passes, and in which nothing could be logged anyway.
    if (!isOutage(error))
      await logAttempt(deps, message, { ...NONE, state: isLastTry ? 'FAILED' : 'PENDING', error: 'INTERNAL' });
    throw error;
  });
  if (event === 'UNKNOWN') return false;
  if (event === 'PASSED') {
    // Since it was queued the document was changed, or the event does not match any more.
    await logAttempt(deps, message, { ...NONE, state: 'SKIPPED' });
    return true;
  }
  const outcome = await attempt(post, webhook.url, signMessage(webhook, document.field, event, deps.now()));
  const isReceived = outcome.state === 'DELIVERED';
  const isGone = outcome.responseStatus === GONE;
  await logAttempt(deps, message, isReceived || isLastTry || isGone ? outcome : { ...outcome, state: 'PENDING' });
  if (isGone) await disableWebhook(deps, webhook, 'its receiver answered 410 Gone');
  return isReceived || isGone;
}

/** The event as the document shows it; PASSED when a later one comes first, UNKNOWN when none came in time. */
async function eventAt(
  deps: Deps,
  { webhook, caller }: Receiver,
  seq: bigint,
  patienceMs: number,
): Promise<Matched | 'PASSED' | 'UNKNOWN'> {
  const document = readDocument(schema, webhook.document);
  // The newest event, where it no longer matches, would have the feed wait for the next one. A slow database is waited for as
  // well, and told from that by trying again: a message must not be lost to it.
  const patience = AbortSignal.timeout(patienceMs);
  const events = eventsOf(deps, caller, document, document.toPayload(seq - 1n), patience);
  for await (const event of events) return event.cursor === seq ? event : 'PASSED';
  return 'UNKNOWN';
}

async function attempt(post: Post, url: string, { body, headers }: SignedMessage): Promise<DeliveryOutcome> {
  const began = performance.now();
  const took = (): number => Math.round(performance.now() - began);
  try {
    const response = await post(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS) });
    await response.body?.cancel();
    const state = response.ok ? 'DELIVERED' : 'FAILED';
    return { state, responseStatus: response.status, error: null, durationMs: took() };
  } catch (error) {
    return { state: 'FAILED', responseStatus: null, error: reasonOf(error), durationMs: took() };
  }
}

/** A code or a name: what a library writes of an address inside is not the caller's to learn. */
function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code: unknown = (cause as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
    if (cause.name === 'TimeoutError') return 'TIMEOUT';
  }
  return 'NETWORK_ERROR';
}
