import { Prisma } from '../generated/prisma/client.js';
import type { Db, Tx } from './client.js';
import { visible, type AsOf, type StateFilter } from './visibility.js';

export interface Scope {
  accountId: string;
  tenantId: string;
}

export interface MemoryFilter {
  sources?: readonly string[] | undefined;
  topics?: readonly string[] | undefined;
  sessionIds?: readonly string[] | undefined;
  /** Words that must all occur, as PostgreSQL's web search reads them. */
  text?: string | undefined;
  minImportance?: number | undefined;
  /** Only what was stored after this sequence number. */
  createdAfter?: bigint | undefined;
}

/** A place in a list: the instant that orders it (see isByValidTime) and the sequence number that breaks ties. */
export interface Position {
  at: Date;
  createdSeq: bigint;
}

export interface Page {
  limit: number;
  /** Only what comes after / before this place, newest first. */
  olderThan?: Position | undefined;
  newerThan?: Position | undefined;
  /** Take the oldest of what matches instead of the newest (still given newest first). */
  fromOldest?: boolean | undefined;
}

/** A list of what was valid at an instant goes by valid time, any other by arrival: each begins at its instant in an index. */
export const isByValidTime = ({ valid, known }: AsOf): boolean => valid !== undefined && known === undefined;

/** Several minus signs in a row as one: PostgreSQL keeps each until its word comes, and has room for 32 of them. */
const onceNegated = (text: string): string => text.replace(/-[-\s]*-/g, '-');

/** The conditions of a scope and a filter on `memories m`. */
export function inScope({ accountId, tenantId }: Scope, filter: MemoryFilter): Prisma.Sql {
  const conditions = [Prisma.sql`m.account_id = ${accountId}::uuid`, Prisma.sql`m.tenant_id = ${tenantId}`];
  if (filter.sources) conditions.push(Prisma.sql`m.source = ANY (${[...filter.sources]})`);
  if (filter.topics) conditions.push(Prisma.sql`m.topic = ANY (${[...filter.topics]})`);
  if (filter.sessionIds) conditions.push(Prisma.sql`m.session_id = ANY (${[...filter.sessionIds]})`);
  if (filter.minImportance !== undefined) conditions.push(Prisma.sql`m.importance >= ${filter.minImportance}`);
  if (filter.createdAfter !== undefined) conditions.push(Prisma.sql`m.created_seq > ${filter.createdAfter}`);
  if (filter.text !== undefined)
    conditions.push(Prisma.sql`m.lexemes @@ websearch_to_tsquery('english', ${onceNegated(filter.text)})`);
  return Prisma.join(conditions, ' AND ');
}

/**
 * Ids of the memories that match, newest first, and the sequence number of the newest event among those that the list
 * reflects: one statement, so that no write falls between them.
 */
export async function listMemoryIds(
  db: Db,
  scope: Scope,
  filter: MemoryFilter,
  view: { asOf: AsOf; state: StateFilter; now: Date },
  { limit, olderThan, newerThan, fromOldest }: Page,
): Promise<{ ids: string[]; seq: bigint }> {
  const instant = isByValidTime(view.asOf) ? Prisma.sql`m.valid_from` : Prisma.sql`m.known_from`;
  const place = Prisma.sql`(${instant}, m.created_seq)`;
  const conditions = [inScope(scope, filter), visible(view.asOf, view.state, view.now)];
  if (olderThan)
    conditions.push(Prisma.sql`${place} < (${olderThan.at}::timestamptz, ${olderThan.createdSeq}::bigint)`);
  if (newerThan)
    conditions.push(Prisma.sql`${place} > (${newerThan.at}::timestamptz, ${newerThan.createdSeq}::bigint)`);
  const direction = fromOldest ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  const rows = await db.$queryRaw<{ ids: string[]; seq: bigint }[]>`
    SELECT a.last_seq AS seq, ARRAY(
      SELECT m.id FROM memories m WHERE ${Prisma.join(conditions, ' AND ')}
      ORDER BY ${instant} ${direction}, m.created_seq ${direction} LIMIT ${limit}) AS ids
    FROM accounts a WHERE a.id = ${scope.accountId}::uuid`;
  const { ids, seq } = rows[0] ?? { ids: [], seq: 0n };
  return { ids: fromOldest ? ids.reverse() : ids, seq };
}

/** Whether the tenant was given memories after a sequence number. */
export async function hasNewerThan(tx: Tx, { accountId, tenantId }: Scope, seq: bigint): Promise<boolean> {
  const newer = await tx.memoryEvent.findFirst({
    where: { accountId, tenantId, seq: { gt: seq }, kind: 'CREATED' },
    select: { seq: true },
  });
  return newer !== null;
}

/** How many memories match, all pages together. */
export async function countMemories(
  db: Db,
  scope: Scope,
  filter: MemoryFilter,
  view: { asOf: AsOf; state: StateFilter; now: Date },
): Promise<number> {
  const rows = await db.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS count FROM memories m
    WHERE ${inScope(scope, filter)} AND ${visible(view.asOf, view.state, view.now)}`;
  return Number(rows[0]?.count ?? 0);
}
