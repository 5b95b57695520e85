import type { MemoryEvent } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { Scope } from './listing.js';

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

/** The newest deletions in a tenant, newest first. */
export const readDeletions = (db: Db, { accountId, tenantId }: Scope): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({
    where: {
      accountId,
      kind: 'DELETED',
      OR: [{ tenantId }, { details: { path: ['allTenants'], equals: true } }],
    },
    orderBy: { createdAt: 'desc' },
    take: 100,
  });
