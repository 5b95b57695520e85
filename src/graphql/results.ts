import { GraphQLError, type ExecutionResult } from 'graphql';
import { actFor } from '../core/act-for.js';
import type { Caller } from '../core/deps.js';
import type { EventBatch } from '../core/event-batch.js';
import type { FeedEvent } from '../core/follow-events.js';
import type { OpenFeed } from '../core/sessions.js';
import type { SharedResult } from './shared-results.js';
import { OVER } from './stoppable.js';

/** Results of a subscription. */
export interface Results extends AsyncIterableIterator<ExecutionResult> {
  /** The result that `next` would give, if it was made already, for the subscriber or for others: taken without waiting. */
  takeReady(): SharedResult | undefined;
}

interface Running {
  caller: Caller;
  source: AsyncIterator<unknown>;
  feed: OpenFeed;
  /** Aborts when the client's connection closes, also while what was sent last still waits for it. */
  isGone: AbortSignal | undefined;
  leave: () => void;
  /** @throws an outage, where that still lasts when `signal` aborts */
  toResult: (item: unknown, signal: AbortSignal) => Promise<ExecutionResult>;
  /** The result of an event that was made already. */
  peek: (item: FeedEvent) => SharedResult | undefined;
}

/** The source's items as results; `return` reaches the source at once, also while it waits. */
export function results({ caller, source, feed, isGone, leave, toResult: toResultOf, peek }: Running): Results {
  let isOver = false;
  const stop = new AbortController();
  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    stop.abort(OVER);
    feed.signal.removeEventListener('abort', stopSource);
    isGone?.removeEventListener('abort', vanish);
    feed.close();
    leave();
  };
  let batch: EventBatch | undefined;
  // Whoever asks for the next item, it is made for the caller.
  const next = async (): Promise<IteratorResult<ExecutionResult> | undefined> => {
    const item: IteratorResult<unknown> = await source.next();
    if (item.done === true) return undefined;
    batch = isOfKind<FeedEvent>(item.value, 'EVENT') ? item.value.batch : undefined;
    return { value: await toResultOf(item.value, stop.signal), done: false };
  };
  const stopSource = (): void => {
    stop.abort(OVER);
    void actFor(caller, () => source.return?.())?.catch(() => undefined);
  };
  const vanish = (): void => {
    finish();
    stopSource();
  };
  feed.signal.addEventListener('abort', stopSource);
  isGone?.addEventListener('abort', vanish);
  const done = { value: undefined, done: true } as const;
  return {
    takeReady: () => {
      if (isOver || stop.signal.aborted) return undefined;
      const item = batch?.peek();
      const made = item && peek(item);
      if (made) batch?.take();
      return made;
    },
    next: async () => {
      if (isOver) return done;
      try {
        const item = await actFor(caller, next);
        if (item) return item;
      } catch (error) {
        if (!stop.signal.aborted) {
          finish();
          throw error;
        }
      }
      const wasEnded = feed.signal.aborted && !isOver;
      finish();
      return wasEnded ? { value: { errors: [toError(feed.signal.reason)] }, done: false } : done;
    },
    return: async () => {
      finish();
      await actFor(caller, () => source.return?.());
      return done;
    },
    throw: async (error: unknown) => {
      finish();
      await actFor(caller, () => source.throw?.(error));
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

export const toError = (error: unknown): GraphQLError =>
  new GraphQLError(error instanceof Error ? error.message : String(error), {
    originalError: error instanceof Error ? error : null,
  });

export const isOfKind = <Item extends { kind: string }>(item: unknown, kind: Item['kind']): item is Item =>
  (item as Partial<Item> | null)?.kind === kind;
