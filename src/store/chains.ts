import type { Chain } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { MemoryRow } from './memories.js';
import { ofTenant, type Reach } from './reach.js';

export type ChainRow = Chain & { memories?: MemoryRow[] };

const OLDEST_FIRST = [{ validFrom: 'asc' }, { createdSeq: 'asc' }] as const;
const WITH_MEMORIES = { include: { memories: { include: { capture: true }, orderBy: [...OLDEST_FIRST] } } };

/** The chain of a memory within reach, or null. `projection`: what to select; with its memories, oldest first, if left out. */
export async function readChainOf(
  db: Db,
  reach: Reach,
  memoryId: string,
  projection: object = WITH_MEMORIES,
): Promise<ChainRow | null> {
  const memory = await db.memory.findUnique({
    where: { accountId_id: { accountId: reach.accountId, id: memoryId }, ...ofTenant(reach) },
    select: { chain: Object.keys(projection).length > 0 ? projection : true },
  });
  return memory && memory.chain;
}
