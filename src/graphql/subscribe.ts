import { createSourceEventStream, execute, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { actFor } from '../core/act-for.js';
import { audienceOf } from '../core/authorize.js';
import type { Caller } from '../core/deps.js';
import type { FeedEvent, FeedItem } from '../core/follow-events.js';
import { outlast } from '../core/outlast.js';
import type { OpenFeed } from '../core/sessions.js';
import { isOutage } from '../errors.js';
import { operationContext, type Context } from './builder.js';
import { Audiences, type Audience, type Shared } from './shared-results.js';

/** A result that others of the account were or will be given too, with its JSON. */
export interface SharedResult extends ExecutionResult {
  /** Read by both transports instead of writing the JSON once for each subscriber. */
  stringify: () => string;
}

type Results = AsyncIterableIterator<ExecutionResult>;

/**
 * Runs subscriptions, over any transport: counts them, ends them with their key, and executes an event once for all
 * subscribers of an account that ask for the same. Never rejects for a caller's mistake: that is a result with errors.
 */
export function createSubscribe(): (args: ExecutionArgs) => Promise<Results | ExecutionResult> {
  const audiences = new Audiences();
  return async (args) => {
    const { deps, caller } = args.contextValue as Context;
    let feed: OpenFeed;
    try {
      feed = deps.sessions.openFeed(caller);
    } catch (error) {
      return { errors: [toError(error)] };
    }
    const source = await actFor(caller, () => createSourceEventStream(args)).catch((error: unknown) => {
      feed.close();
      throw error;
    });
    if (!(Symbol.asyncIterator in source)) {
      feed.close();
      return source;
    }
    const { audience, leave } = audiences.join(audienceOf(caller), args);
    const { request } = args.contextValue as { request?: Request }; // over HTTP
    return results({
      caller,
      source: source[Symbol.asyncIterator](),
      feed,
      isGone: request?.signal,
      leave,
      toResult: (item, signal) => outlast(() => wholeResult(item, args, audience), signal),
    });
  };
}

const toError = (error: unknown): GraphQLError =>
  new GraphQLError(error instanceof Error ? error.message : String(error), {
    originalError: error instanceof Error ? error : null,
  });

interface Running {
  caller: Caller;
  source: AsyncIterator<unknown>;
  feed: OpenFeed;
  /** Aborts when the client's connection closes, also while what was sent last still waits for it. */
  isGone: AbortSignal | undefined;
  leave: () => void;
  /** @throws an outage, where that still lasts when `signal` aborts */
  toResult: (item: unknown, signal: AbortSignal) => Promise<ExecutionResult>;
}

/** The source's items as results; `return` reaches the source at once, also while it waits. */
function results({ caller, source, feed, isGone, leave, toResult: toResultOf }: Running): Results {
  let isOver = false;
  const stop = new AbortController();
  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    stop.abort();
    feed.signal.removeEventListener('abort', stopSource);
    isGone?.removeEventListener('abort', vanish);
    feed.close();
    leave();
  };
  // Whoever asks for the next item, it is made for the caller.
  const next = async (): Promise<IteratorResult<ExecutionResult> | undefined> => {
    const item: IteratorResult<unknown> = await source.next();
    return item.done === true ? undefined : { value: await toResultOf(item.value, stop.signal), done: false };
  };
  const stopSource = (): void => {
    stop.abort();
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

/** The result of an item. One that an outage made holes in is never told: nobody would be told of its event again. @throws that outage */
async function wholeResult(item: unknown, args: ExecutionArgs, audience: Audience): Promise<ExecutionResult> {
  const result = await toResult(item, args, audience);
  const hole = result.errors?.find(isOutage);
  if (hole) throw hole;
  return result;
}

async function toResult(item: unknown, args: ExecutionArgs, audience: Audience): Promise<ExecutionResult> {
  if (!isEvent(item)) return execute({ ...args, contextValue: renewed(args.contextValue as Context), rootValue: item });
  const { result, text } = await share(item, args, audience);
  if (text === undefined) return result;
  const shared: SharedResult = { ...result, stringify: () => text };
  return shared;
}

/** The operation's own context, in which stands what its source has read along; but settings are as they are now. */
const renewed = (context: Context): Context => ({
  ...context,
  settings: operationContext(context.deps, context.caller).settings,
});

/** Begun in one go, so that the database is asked about all of them together. */
async function share(item: FeedEvent, args: ExecutionArgs, audience: Audience): Promise<Shared> {
  const { apiKeyId } = (args.contextValue as Context).caller;
  const get = (one: FeedEvent): Promise<Shared> =>
    audience.get(`${one.event.seq} ${one.view}`, apiKeyId, () => run(one, args));
  const shared = get(item);
  for (const event of item.ahead) get({ ...item, event, ahead: [] }).catch(() => undefined); // told when it is its turn
  return shared;
}

const isEvent = (item: unknown): item is FeedEvent => (item as Partial<FeedItem> | null)?.kind === 'EVENT';

/** Executes the operation on one item, in a context of its own that notes whether the result depends on the key. */
async function run(item: unknown, args: ExecutionArgs): Promise<Shared> {
  const { deps, caller } = args.contextValue as Context;
  const { context, isOfKey } = watched(operationContext(deps, caller));
  const result = await execute({ ...args, contextValue: context, rootValue: item });
  return {
    result,
    text: result.errors ? undefined : JSON.stringify(result),
    apiKeyId: isOfKey() ? caller.apiKeyId : undefined,
  };
}

/** A context through which nothing can look at who calls without being seen. */
function watched(inner: Context): { context: Context; isOfKey: () => boolean } {
  let isOfKey = false;
  const see = <Value>(value: Value): Value => {
    isOfKey = true;
    return value;
  };
  const context: Context = {
    deps: inner.deps,
    get caller() {
      return see(inner.caller);
    },
    get settings() {
      return see(inner.settings);
    },
  };
  return { context, isOfKey: () => isOfKey };
}
