import type { MemoryEvent, Prisma } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { Scope } from './listing.js';
import type { Reach } from './reach.js';

export type { MemoryEvent } from '../generated/prisma/client.js';

/** Events of the account after a cursor, oldest first. */
export const readEventsAfter = (db: Db, accountId: string, after: bigint, limit: number): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({ where: { accountId, seq: { gt: after } }, orderBy: { seq: 'asc' }, take: limit });

/** Events about a memory, as the one that came or as the one that went, oldest first. */
export const readEventsOf = (db: Db, accountId: string, memoryId: string): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({
    where: { accountId, OR: [{ memoryId }, { beforeId: memoryId }] },
    orderBy: { seq: 'asc' },
  });

/** What changes the state of memories; the classifier's deliberations do not. */
const CHANGES = ['CREATED', 'SUPERSEDED', 'EXPIRED', 'RETRACTED', 'REVERTED', 'DELETED'];

export interface ChangeFilter {
  from: Date;
  to: Date;
  sources?: readonly string[] | undefined;
  topics?: readonly string[] | undefined;
  after?: bigint | undefined;
}

/** Changes of a tenant in [from, to) of transaction time, oldest first. */
export const readChanges = (
  db: Db,
  scope: Scope,
  { from, to, sources, topics, after }: ChangeFilter,
  limit: number,
  projection: object = {},
): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({
    ...projection,
    where: {
      ...scope,
      kind: { in: CHANGES },
      createdAt: { gte: from, lt: to },
      ...(sources && { source: { in: [...sources] } }),
      ...(topics && { topic: { in: [...topics] } }),
      ...(after !== undefined && { seq: { gt: after } }),
    },
    orderBy: { seq: 'asc' },
    take: limit,
  });

/** Sequence number of the account's newest event; 0 before the first. */
export async function readLastSeq(db: Db, accountId: string): Promise<bigint> {
  const account = await db.account.findUniqueOrThrow({ where: { id: accountId }, select: { lastSeq: true } });
  return account.lastSeq;
}

/** Which events a feed tells; what is left out does not narrow it. */
export interface EventFilter {
  kinds?: readonly string[] | undefined;
  /** As stored: empty for the default tenant. */
  tenantId?: string | undefined;
  /** The follower knows of no other tenant: that all of them were deleted is told too, as `seenFrom` gives it. */
  isBound?: boolean | undefined;
  topics?: readonly string[] | undefined;
  sources?: readonly string[] | undefined;
}

/** Those events in (after, upTo] that pass the filter, oldest first. `matches` says the same of one event. */
export const readMatchingEvents = (
  db: Db,
  accountId: string,
  { kinds, tenantId, isBound, topics, sources }: EventFilter,
  { after, upTo, limit }: { after: bigint; upTo: bigint; limit: number },
): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({
    where: {
      accountId,
      seq: { gt: after, lte: upTo },
      ...(kinds && { kind: { in: [...kinds] } }),
      ...(tenantId !== undefined && (isBound ? { OR: [{ tenantId }, OF_ALL_TENANTS] } : { tenantId })),
      ...(topics && { topic: { in: [...topics] } }),
      ...(sources && { source: { in: [...sources] } }),
    },
    orderBy: { seq: 'asc' },
    take: limit,
  });

const OF_ALL_TENANTS = { kind: 'DELETED', details: { path: ['allTenants'], equals: true } };

/** Whether all tenants of the account were deleted. */
const isOfAllTenants = ({ kind, details }: Pick<MemoryEvent, 'kind' | 'details'>): boolean =>
  kind === 'DELETED' && (details as { allTenants?: unknown } | null)?.allTenants === true;

/** An event as those are told who know of one tenant alone: that all were deleted, but not what or how much of others. */
export const seenFrom = <Event extends MemoryEvent>(tenantId: string, event: Event): Event =>
  isOfAllTenants(event) ? { ...event, tenantId, details: null } : event;

/** Whether an event that is in memory passes the filter, exactly as in `readMatchingEvents`. */
export const matches = (event: MemoryEvent, { kinds, tenantId, isBound, topics, sources }: EventFilter): boolean =>
  isAmong(kinds, event.kind) &&
  (tenantId === undefined || tenantId === event.tenantId || (isBound === true && isOfAllTenants(event))) &&
  isAmong(topics, event.topic) &&
  isAmong(sources, event.source);

const isAmong = (names: readonly string[] | undefined, name: string | null): boolean =>
  names === undefined || (name !== null && names.includes(name));

/** When the event with this sequence number was recorded; null if there is none. */
export async function readEventTime(db: Db, accountId: string, seq: bigint): Promise<Date | null> {
  const where = { accountId_seq: { accountId, seq } };
  return (await db.memoryEvent.findUnique({ where, select: { createdAt: true } }))?.createdAt ?? null;
}

const WITH_MEMORIES = {
  apiKey: { select: { name: true } },
  memory: { include: { capture: true } },
  before: { include: { capture: true } },
} as const;

/** An event with the key that caused it and both memories, as they are now. */
export type WholeEvent = Prisma.MemoryEventGetPayload<{ include: typeof WITH_MEMORIES }>;

/** An event that is within reach. */
export async function readWholeEvent(db: Db, { accountId, boundTenant }: Reach, seq: bigint): Promise<WholeEvent> {
  const event = await db.memoryEvent.findUniqueOrThrow({
    where: {
      accountId_seq: { accountId, seq },
      ...(boundTenant !== undefined && { OR: [{ tenantId: boundTenant }, OF_ALL_TENANTS] }),
    },
    include: WITH_MEMORIES,
  });
  return boundTenant === undefined ? event : seenFrom(boundTenant, event);
}

/** The newest deletions in a tenant, newest first; with those of tenants that were erased, which are not named any more. */
export const readDeletions = (db: Db, { accountId, tenantId }: Scope): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({
    where: {
      accountId,
      kind: 'DELETED',
      OR: [
        { tenantId },
        { details: { path: ['allTenants'], equals: true } },
        { details: { path: ['subject'], equals: 'TENANT' } },
      ],
    },
    orderBy: { createdAt: 'desc' },
    take: 100,
  });
