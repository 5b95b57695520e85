import { z } from 'zod';
import { AppError } from '../errors.js';
import type { EventTail } from '../store/event-tails.js';
import {
  matches,
  readEventTime,
  readMatchingEvents,
  seenFrom,
  type EventFilter,
  type MemoryEvent,
} from '../store/events.js';
import { authorize, tenantOf } from './authorize.js';
import { actForAccount } from './act-for.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { EventBatch } from './event-batch.js';
import { outlast } from './outlast.js';
import { cursor as cursorInput, optional, parseInput, source, text, topic } from './parse-input.js';

export type { MemoryEvent } from '../store/events.js';

const BATCH = 100;

export const EVENT_KINDS = [
  'CREATED',
  'SUPERSEDED',
  'EXPIRED',
  'RETRACTED',
  'REVERTED',
  'CLASSIFIED',
  'PROPOSED',
  'REVIEWED',
  'DELETED',
] as const;

const names = <Schema extends z.ZodType>(name: Schema) => optional(z.array(name).min(1).max(100));

/** What a feed takes. */
export const followInput = z.object({
  after: optional(cursorInput),
  kinds: names(z.enum(EVENT_KINDS)),
  /** Left out: every tenant. Empty: the default one. */
  tenantId: optional(z.union([z.literal(''), text(128)])),
  topics: names(topic),
  sources: names(source),
});

export type FollowInput = Unchecked<z.input<typeof followInput>>;

/**
 * The first item says that the feed is on, and from which cursor. `view` changes when memories were deleted: what was
 * made of an event under another one must not be shown any more.
 */
export type FeedItem = { kind: 'OPENED'; cursor: bigint } | FeedEvent;

export interface FeedEvent {
  kind: 'EVENT';
  event: MemoryEvent;
  view: number;
  /** What comes next and is there already. */
  batch: EventBatch;
}

export interface FollowOptions {
  signal: AbortSignal;
  /** Told the cursor up to which everything was given out or filtered out, whenever there is nothing left to give. */
  onPassed?: (cursor: bigint) => void;
}

/**
 * Events of the account committed after `after` (default: from now on) that pass the filter, in commit order, each once,
 * for as long as the caller keeps asking. Pulled: a slow reader costs nothing but its own delay. A database that is away is waited for.
 * @throws AppError INVALID_INPUT, CURSOR_EXPIRED
 */
export async function* followEvents(
  deps: Deps,
  caller: Caller,
  input: FollowInput,
  options: FollowOptions,
): AsyncGenerator<FeedItem> {
  authorize(caller, 'memories:read');
  yield* followEach(deps, caller, input, options);
}

/** As followEvents, for verbs that need another scope. */
export async function* followEach(
  deps: Deps,
  caller: Caller,
  input: FollowInput,
  { signal, onPassed }: FollowOptions,
): AsyncGenerator<FeedItem> {
  const { boundTenant } = caller;
  const { after, tenantId, ...narrowed } = parseInput(followInput, input);
  const filter: EventFilter =
    boundTenant === undefined
      ? { ...narrowed, tenantId }
      : { ...narrowed, tenantId: tenantOf(caller, tenantId), isBound: true };
  const { db, tails } = deps;
  const newest = await outlast(() => tails.newest(caller.accountId), signal);
  if (after !== undefined) await outlast(() => assertInReach(deps, caller, after, newest), signal);
  const tail = tails.join(caller.accountId, newest);
  let cursor = after ?? newest;
  try {
    yield { kind: 'OPENED', cursor };
    // Memory may not have heard yet of a deletion, which took words from earlier events.
    await tail.next(newest - 1n, signal);
    while (!signal.aborted) {
      const { events, upTo } = await outlast(() => readOn(db, tail, filter, cursor), signal);
      const seen = boundTenant === undefined ? events : events.map((event) => seenFrom(boundTenant, event));
      const batch = new EventBatch(seen, tail);
      for (let item = batch.take(); item; item = batch.take()) yield item;
      cursor = upTo;
      if (cursor < tail.newest) continue;
      onPassed?.(cursor);
      await tail.next(cursor, signal);
    }
  } finally {
    tails.leave(tail);
  }
}

const DAY_MS = 86_400_000;

/** Says so where a cursor is of no use, instead of leaving out what came after it. @throws AppError INVALID_INPUT, CURSOR_EXPIRED */
async function assertInReach(
  { db, config, now }: Deps,
  { accountId }: Caller,
  after: bigint,
  newest: bigint,
): Promise<void> {
  const field = 'after';
  if (after > newest)
    throw new AppError('INVALID_INPUT', 'after: is a cursor that this account has not reached', { field });
  const { eventRetentionDays: days } = config;
  if (days === undefined || after === newest) return;
  // Of whatever tenant: how far feeds reach back is one for the account.
  const next = await actForAccount({ accountId }, () => readEventTime(db, accountId, after + 1n));
  if (next === null || next.getTime() >= now().getTime() - days * DAY_MS) return;
  throw new AppError(
    'CURSOR_EXPIRED',
    `after: what follows this cursor is older than the ${days} days that feeds reach back; list the memories again and follow from the cursor of the list`,
    { field },
  );
}

interface Batch {
  events: readonly MemoryEvent[];
  /** Everything up to here was looked at. */
  upTo: bigint;
}

/** The next events that pass: from memory, or from the table for who is further behind than that reaches. */
async function readOn(db: Deps['db'], tail: EventTail, filter: EventFilter, cursor: bigint): Promise<Batch> {
  if (cursor >= tail.floor) {
    const seen = tail.after(cursor);
    return { events: seen.filter((event) => matches(event, filter)), upTo: seen.at(-1)?.seq ?? cursor };
  }
  const { newest } = tail;
  const events = await readMatchingEvents(db, tail.accountId, filter, { after: cursor, upTo: newest, limit: BATCH });
  return { events, upTo: events.length < BATCH ? newest : (events.at(-1)?.seq ?? newest) };
}
