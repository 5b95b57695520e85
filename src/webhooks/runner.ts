import { setTimeout as pause } from 'node:timers/promises';
import {
  queueMatched,
  receiverOf,
  rereadWebhook,
  watchWebhooks,
  type Message,
  type Webhook,
} from '../core/follow-webhooks.js';
import type { Deps } from '../core/deps.js';
import { schema } from '../graphql/schema.js';
import type { JobQueue } from '../store/job-queue.js';
import { batches } from './batches.js';
import { deliver, type Post } from './deliver.js';
import { readDocument } from './document.js';
import { eventsOf } from './events.js';

/** Messages that one node sends side by side. */
const AT_ONCE = 16;
const MOST_PER_BATCH = 200;
/** After a failure; doubles with each that follows, and begins anew once something succeeded. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 10_000;

interface Options {
  deps: Deps;
  queue: JobQueue<Message>;
  post: Post;
  report: (error: unknown) => void;
}

export interface WebhookRunner {
  /** Stops following; messages that are on their way are finished, for a while. */
  stop(): Promise<void>;
}

/**
 * Follows events for every active webhook and delivers what matches. Every node does: whoever moves a webhook's position
 * queues the message, in one transaction, so that each event is queued once.
 */
export function startWebhooks({ deps, queue, post, report }: Options): WebhookRunner {
  const stop = new AbortController();
  const following = new Map<string, { version: number; end: AbortController }>();
  let isWorking = false;

  const work = async (): Promise<void> => {
    if (isWorking) return;
    await queue.start();
    await queue.work(AT_ONCE, async ({ data, isLastTry }) =>
      deliver(deps, post, data, isLastTry).catch((error: unknown) => {
        report(error);
        return false;
      }),
    );
    isWorking = true; // not before: a start that fails is tried again
  };

  const keepUp = async (webhooks: readonly Webhook[]): Promise<void> => {
    const active = new Map(webhooks.map((webhook) => [webhook.id, webhook]));
    for (const [id, { version, end }] of following) {
      if (active.get(id)?.version === version) continue;
      end.abort();
      following.delete(id);
    }
    // The queue's tables are made, and looked into, for those alone who have a webhook.
    if (webhooks.length > 0) await work();
    for (const webhook of webhooks) {
      if (following.has(webhook.id)) continue;
      const end = new AbortController();
      following.set(webhook.id, { version: webhook.version, end });
      void follow({ deps, queue, post, report }, webhook, AbortSignal.any([stop.signal, end.signal]));
    }
  };

  const running = (async () => {
    const pauses = new Pauses();
    while (!stop.signal.aborted) {
      try {
        for await (const webhooks of watchWebhooks(deps, stop.signal)) {
          await keepUp(webhooks);
          pauses.reset();
        }
      } catch (error) {
        report(error);
        await pauses.next(stop.signal);
      }
    }
  })();

  return {
    stop: async () => {
      stop.abort();
      await running;
      await queue.stop();
    },
  };
}

class Pauses {
  #ms = FIRST_PAUSE_MS;

  async next(signal: AbortSignal): Promise<void> {
    await pause(this.#ms, undefined, { signal }).catch(() => undefined);
    this.#ms = Math.min(2 * this.#ms, LAST_PAUSE_MS);
  }

  reset(): void {
    this.#ms = FIRST_PAUSE_MS;
  }
}

/** Follows the events of one webhook, from its position on, until it is ended or the webhook changes. */
async function follow(options: Options, started: Webhook, signal: AbortSignal): Promise<void> {
  const pauses = new Pauses();
  let webhook: Webhook | null = started;
  while (webhook) {
    const from: bigint = webhook.cursor;
    try {
      await queueEvents(options, webhook, signal);
    } catch (error) {
      if (signal.aborted) return;
      options.report(error);
      await pauses.next(signal);
    }
    // Ended, another node was first, or something failed: if it is to go on, then from where the webhook is now.
    webhook = signal.aborted ? null : await rereadWebhook(options.deps, started).catch(() => started);
    if (webhook && webhook.cursor > from) pauses.reset();
  }
}

async function queueEvents({ deps, queue }: Options, webhook: Webhook, signal: AbortSignal): Promise<void> {
  const document = readDocument(schema, webhook.document);
  const receiver = await receiverOf(deps, { accountId: webhook.accountId, webhookId: webhook.id });
  if (!receiver) return;
  const events = eventsOf(deps, receiver.caller, document, document.toMatch(webhook.cursor), signal);
  let from = webhook.cursor;
  for await (const batch of batches(events, MOST_PER_BATCH)) {
    const matched = batch.map(({ cursor }) => cursor);
    if (!(await queueMatched(deps, webhook, { from, matched }, (tx, jobs) => queue.add(tx, jobs)))) break;
    from = matched.at(-1) ?? from;
    queue.hurry();
  }
  await events.return(undefined);
}
