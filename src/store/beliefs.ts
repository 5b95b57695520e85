import type { MemoryBelief } from '../generated/prisma/client.js';
import type { Db } from './client.js';
import type { MemoryRow } from './memories.js';
import { visible, type AsOf } from './visibility.js';

export type { AsOf } from './visibility.js';

/** Older beliefs about these memories that were held at `known`; none for those whose newest belief was held already. */
const readBeliefs = (db: Db, accountId: string, memoryIds: readonly string[], known: Date): Promise<MemoryBelief[]> =>
  db.memoryBelief.findMany({
    where: { accountId, memoryId: { in: [...memoryIds] }, knownFrom: { lte: known }, knownTo: { gt: known } },
  });

/** Whether the memory was there at that cell of time, in whatever state. */
export async function isVisible(db: Db, accountId: string, id: string, asOf: AsOf, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM memories m
    WHERE m.account_id = ${accountId}::uuid AND m.id = ${id}::uuid AND ${visible(asOf, 'ANY', now)}`;
  return rows.length > 0;
}

/** Ids of the chain's memories that were there at that cell of time. */
export async function visibleInChain(
  db: Db,
  accountId: string,
  chainId: string,
  asOf: AsOf,
  now: Date,
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT m.id FROM memories m
    WHERE m.account_id = ${accountId}::uuid AND m.chain_id = ${chainId}::uuid AND ${visible(asOf, 'ANY', now)}`;
  return rows.map(({ id }) => id);
}

type Node = Record<string, unknown>;
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !(value instanceof Date);
const isEvent = (value: Node): value is Node & { createdAt: Date } =>
  'seq' in value && value['createdAt'] instanceof Date;
const isMemory = (value: unknown): value is Node & MemoryRow => isNode(value) && value['believedFrom'] instanceof Date;

/**
 * Memories as they were known at an instant: windows as believed then, and later versions absent, in everything that was
 * selected along with them (successors, predecessors, timelines). One more SQL statement, however many rows.
 */
export async function asKnownAt<Row extends object>(
  db: Db,
  accountId: string,
  rows: readonly Row[],
  known: Date,
): Promise<Row[]> {
  const memories: MemoryRow[] = [];
  collect(rows, memories);
  const changed = memories.filter(({ believedFrom }) => believedFrom > known).map(({ id }) => id);
  const beliefs = changed.length === 0 ? [] : await readBeliefs(db, accountId, changed, known);
  const byId = new Map(beliefs.map((belief) => [belief.memoryId, belief]));
  return rows.flatMap((row) => (rebuild(row, byId, known) as Row | undefined) ?? []);
}

function collect(value: unknown, memories: MemoryRow[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, memories);
  else if (isNode(value)) {
    if (isMemory(value)) memories.push(value);
    for (const child of Object.values(value)) collect(child, memories);
  }
}

type Beliefs = ReadonlyMap<string, Pick<MemoryRow, 'validTo' | 'supersededById'>>;

/** The same tree as known then; undefined for a memory that was not known. */
function rebuild(value: unknown, beliefs: Beliefs, known: Date): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) => rebuild(item, beliefs, known)).filter((item) => item !== undefined);
  }
  if (!isNode(value)) return value;
  if (isMemory(value) && value.knownFrom > known) return undefined;
  if (isEvent(value) && value.createdAt > known) return undefined;
  const children = Object.entries(value).map(([name, child]) => [name, rebuild(child, beliefs, known)] as const);
  const node: Node = Object.fromEntries(children);
  return isMemory(value) ? asBelieved(value, node, beliefs, known) : node;
}

function asBelieved(memory: MemoryRow, node: Node, beliefs: Beliefs, known: Date): Node {
  const isNewest = memory.believedFrom <= known;
  const { validTo, supersededById } = isNewest
    ? memory
    : (beliefs.get(memory.id) ?? { validTo: null, supersededById: null });
  const successor = node['supersededBy'];
  const predecessors = node['supersedes'];
  return {
    ...node,
    validTo,
    supersededById,
    knownTo: memory.knownTo && memory.knownTo <= known ? memory.knownTo : null,
    retractedAt: isNewest ? memory.retractedAt : null,
    viewedAt: known,
    ...('supersededBy' in node && {
      supersededBy: isNode(successor) && successor['id'] === supersededById ? successor : null,
    }),
    ...(Array.isArray(predecessors) && {
      supersedes: predecessors.filter((one) => isNode(one) && one['supersededById'] === memory.id),
    }),
  };
}
