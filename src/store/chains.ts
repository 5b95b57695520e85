import type { Chain } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { MemoryRow } from './memories.js';
import { ofTenant, type Reach } from './reach.js';

export type ChainRow = Chain & { memories?: MemoryRow[] };

const OLDEST_FIRST = [{ validFrom: 'asc' }, { createdSeq: 'asc' }] as const;

const within = (reach: Reach, memoryId: string) => ({
  accountId_id: { accountId: reach.accountId, id: memoryId },
  ...ofTenant(reach),
});

/** The chain of a memory within reach, with what a projection selects; or null. */
export async function readChainOf(
  db: Db,
  reach: Reach,
  memoryId: string,
  projection: object,
): Promise<ChainRow | null> {
  const memory = await db.memory.findUnique({
    where: within(reach, memoryId),
    select: { chain: Object.keys(projection).length > 0 ? projection : true },
  });
  return memory && memory.chain;
}

/** All versions of a chain, oldest first. */
export interface Versions {
  id: string;
  memories: MemoryRow[];
}

/** The versions in the chain of a memory within reach, or null: what belongs to the chain's own row is not asked for. */
export async function readVersionsOf(db: Db, reach: Reach, memoryId: string): Promise<Versions | null> {
  const memory = await db.memory.findUnique({ where: within(reach, memoryId), select: { chainId: true } });
  if (!memory) return null;
  const where = { accountId: reach.accountId, chainId: memory.chainId };
  const memories = await db.memory.findMany({ where, include: { capture: true }, orderBy: [...OLDEST_FIRST] });
  return { id: memory.chainId, memories };
}
