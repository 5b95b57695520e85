import { eachFor } from '../core/act-for.js';
import { audienceOf } from '../core/authorize.js';
import { followEvents as follow, type FeedEvent } from '../core/follow-events.js';
import { getEvent } from '../core/get-event.js';
import { outlast } from '../core/outlast.js';
import { Recent } from '../core/recent.js';
import { AppError, isOutage, toAppError } from '../errors.js';
import { laterViewOf, type RestCall } from './call.js';
import { toEventStream, toFrame } from './event-stream.js';
import { toFeedEvent } from './wire-audit.js';

/** Rendered events of all accounts that are kept for a moment, for whoever else follows them. */
const recent = new Recent<unknown>({ kept: 1_000 });

/** How soon a client comes back; the first line that it is told. */
const RETRY = 'retry: 1000\n';

/** `GET /agent/events`: a feed as server-sent events. What is wrong with the request is answered as JSON, before the feed is on. */
export async function followEvents(call: RestCall): Promise<Response> {
  const { deps, caller, signal, report } = call;
  const slot = deps.sessions.openFeed(caller);
  const stop = new AbortController();
  const end = (): void => {
    stop.abort();
    slot.close();
    slot.signal.removeEventListener('abort', halt);
    signal.removeEventListener('abort', end);
  };
  const halt = (): void => stop.abort();
  slot.signal.addEventListener('abort', halt);
  signal.addEventListener('abort', end);

  // Up to here the client has everything. It must never fall behind what was sent: that would come twice after a drop.
  let passed: bigint | undefined;
  const onPassed = (cursor: bigint): void => void (passed = cursor);
  const items = follow(deps, caller, inputOf(call), { signal: stop.signal, onPassed });
  const first = await items.next().catch((error: unknown) => {
    end();
    throw error;
  });

  async function* frames(): AsyncGenerator<string> {
    if (first.done !== true && first.value.kind === 'OPENED') yield RETRY + opened(first.value.cursor);
    for await (const item of items) {
      if (item.kind === 'OPENED') continue;
      const frame = await frameOf(call, item, stop.signal);
      passed = item.event.seq;
      yield frame;
    }
    if (slot.signal.aborted) throw slot.signal.reason;
  }

  return toEventStream({
    frames: eachFor(caller, frames()),
    heartbeat: () => (passed === undefined ? ': heartbeat\n\n' : `: heartbeat\nid: ${passed}\n\n`),
    heartbeatMs: deps.heartbeatMs,
    onError: (error) => error instanceof AppError || report(error),
    onClose: end,
  });
}

const opened = (cursor: bigint): string =>
  toFrame({ id: cursor, event: 'feed.opened', data: { cursor: cursor.toString() } });

/** A client that comes back by itself asks for the same address again: where it was stands in a header. */
function inputOf({ query, headers }: RestCall) {
  const kinds = query.getAll('kinds').flatMap((names) => names.split(','));
  const listed = (name: string): string[] | undefined => (query.has(name) ? query.getAll(name) : undefined);
  return {
    after: headers.get('last-event-id') || query.get('after'),
    kinds: kinds.length > 0 ? kinds.map((kind) => kind.replace(/^memory\./, '').toUpperCase()) : undefined,
    tenantId: query.get('tenant_id'),
    topics: listed('topic'),
    sources: listed('source'),
  };
}

/** One that can not be shown is passed over and said to be: a client that came back would only meet it again. */
async function frameOf(call: RestCall, item: FeedEvent, signal: AbortSignal): Promise<string> {
  const { seq: id } = item.event;
  try {
    return toFrame({ id, data: await outlast(() => render(call, item), signal) });
  } catch (error) {
    if (isOutage(error)) throw error;
    call.report(error);
    const { message: detail, code } = toAppError(error);
    return toFrame({ id, event: 'feed.skipped', data: { detail, code, cursor: id.toString() } });
  }
}

/** The event as JSON: read once for all who follow the account, and written once for all keys that show it alike. */
async function render(call: RestCall, { event, view }: FeedEvent): Promise<string> {
  const { deps, caller } = call;
  const shown = await once(`view ${caller.apiKeyId} ${event.seq}`, () => laterViewOf(call));
  const id = `${audienceOf(caller)} ${event.seq} ${view}`;
  return once(`${id} ${shown.freshnessHalfLifeDays}`, async () => {
    const whole = await once(`event ${id}`, () => getEvent(deps, caller, event.seq));
    return JSON.stringify(toFeedEvent(whole, shown));
  });
}

/** The ids tell what each is. */
const once = <Made>(id: string, make: () => Promise<Made>): Promise<Made> => recent.once(id, make) as Promise<Made>;
