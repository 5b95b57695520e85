import type { MemoryEvent } from '../generated/prisma/client.js';
import type { Db } from './client.js';

export type { MemoryEvent } from '../generated/prisma/client.js';

/** Events of the account after a cursor, oldest first. */
export const readEventsAfter = (db: Db, accountId: string, after: bigint, limit: number): Promise<MemoryEvent[]> =>
  db.memoryEvent.findMany({ where: { accountId, seq: { gt: after } }, orderBy: { seq: 'asc' }, take: limit });

/** Sequence number of the account's newest event; 0 before the first. */
export async function readLastSeq(db: Db, accountId: string): Promise<bigint> {
  const account = await db.account.findUniqueOrThrow({ where: { id: accountId }, select: { lastSeq: true } });
  return account.lastSeq;
}
