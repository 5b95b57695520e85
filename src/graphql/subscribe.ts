import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { actFor } from '../core/act-for.js';
import { audienceOf } from '../core/authorize.js';
import type { FeedEvent } from '../core/follow-events.js';
import { outlast } from '../core/outlast.js';
import type { OpenFeed } from '../core/sessions.js';
import type { Reading } from '../core/states.js';
import { isOutage } from '../errors.js';
import { operationContext, type Context } from './builder.js';
import { isOfKind, results, toError, type Results } from './results.js';
import { Audiences, type Audience, type Shared, type SharedResult } from './shared-results.js';

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
    const made = results({
      caller,
      source: source[Symbol.asyncIterator](),
      feed,
      isGone: request?.signal,
      leave,
      toResult: (item, signal) => outlast(() => wholeResult(item, args, audience), signal),
      peek: ({ event, view }) => audience.peek(idOf(event, view), caller.apiKeyId),
    });
    running.set(args.contextValue as Context, made);
    return made;
  };
}

/** By the operation's context: what the library's plugins make of results has no `takeReady`. */
const running = new WeakMap<object, Results>();

/** A result of this subscription that was made already: see Results. */
export const takeReady = ({ contextValue }: ExecutionArgs): SharedResult | undefined =>
  running.get(contextValue as Context)?.takeReady();

/** The result of an item. One that an outage made holes in is never told: nobody would be told of its event again. @throws that outage */
async function wholeResult(item: unknown, args: ExecutionArgs, audience: Audience): Promise<ExecutionResult> {
  const result = await toResult(item, args, audience);
  const hole = result.errors?.find(isOutage);
  if (hole) throw hole;
  return result;
}

async function toResult(item: unknown, args: ExecutionArgs, audience: Audience): Promise<ExecutionResult> {
  const sharing = share(item, args, audience);
  if (!sharing) return execute({ ...args, contextValue: renewed(args.contextValue as Context), rootValue: item });
  return (await sharing).result;
}

/** The operation's own context, in which stands what its source has read along; but settings are as they are now. */
const renewed = (context: Context): Context => ({
  ...context,
  settings: operationContext(context.deps, context.caller).settings,
});

/** What all of an audience are given for an item; undefined for one that each subscriber has of its own. */
function share(item: unknown, args: ExecutionArgs, audience: Audience): Promise<Shared> | undefined {
  if (isOfKind<FeedEvent>(item, 'EVENT')) return shareEvents(item, args, audience);
  if (!isOfKind<Reading<unknown>>(item, 'READING')) return undefined;
  return audience.get(`reading ${item.number}`, apiKeyIdOf(args), () => run(item, args));
}

/** Those that come next are begun along with it, so that the database is asked about all of them together. */
function shareEvents(item: FeedEvent, args: ExecutionArgs, audience: Audience): Promise<Shared> {
  const get = (one: FeedEvent): Promise<Shared> =>
    audience.get(idOf(one.event, one.view), apiKeyIdOf(args), () => run(one, args));
  const isFirst = !audience.has(idOf(item.event, item.view), apiKeyIdOf(args));
  const shared = get(item);
  // Told when it is its turn.
  if (isFirst) for (const next of item.batch.ahead()) get(next).catch(() => undefined);
  return shared;
}

const idOf = ({ seq }: FeedEvent['event'], view: number): string => `${seq} ${view}`;

const apiKeyIdOf = ({ contextValue }: ExecutionArgs): string => (contextValue as Context).caller.apiKeyId;

/** Executes the operation on one item, in a context of its own that notes whether the result depends on the key. */
async function run(item: unknown, args: ExecutionArgs): Promise<Shared> {
  const { deps, caller } = args.contextValue as Context;
  const { context, isOfKey } = watched(operationContext(deps, caller));
  const result = await execute({ ...args, contextValue: context, rootValue: item });
  const apiKeyId = isOfKey() ? caller.apiKeyId : undefined;
  if (result.errors) return { result, apiKeyId };
  const text = JSON.stringify(result);
  const shared: SharedResult = { ...result, stringify: () => text };
  return { result: shared, apiKeyId };
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
