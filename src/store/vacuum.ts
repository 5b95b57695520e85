import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../errors.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from './client.js';

/** What may hold a subject's text, ids or name; with the queue of webhooks and, last, what the planner knows of common values. */
const TABLES = [
  'memories',
  'memory_beliefs',
  'memory_events',
  'captures',
  'chains',
  'supersession_proposals',
  'idempotency_keys',
  'answer_sentences',
  'webhook_deliveries',
];
const STATISTICS = 'pg_catalog.pg_statistic';

/**
 * Transactions that began before rows were deleted keep them in the files: by what they see, or by their number alone, between two
 * statements.
 */
const WAIT_MS = 30_000;
const LOOK_MS = 250;

export interface Vacuumed {
  /** Tables that were written anew. */
  tables: readonly string[];
  /** False: the write-ahead log still holds it until the server recycles it; the database user may not hurry that. */
  isWalCleared: boolean;
}

/**
 * Writes the tables and their indexes anew, without what was deleted, and clears the write-ahead log as far as the database user
 * may. Each table is locked meanwhile. @throws AppError CONFLICT when a transaction holds on to what was deleted, FORBIDDEN
 * when the database user may not vacuum
 */
export async function vacuum(db: Db): Promise<Vacuumed> {
  await waitForOlderTransactions(db);
  const tables = [...TABLES, ...(await readQueueTables(db)), STATISTICS];
  for (const table of tables) await rewrite(db, table);
  return { tables, isWalCleared: await clearWal(db) };
}

const readQueueTables = async (db: Db): Promise<string[]> =>
  (
    await db.$queryRaw<{ name: string }[]>`
      SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'palimpsest_jobs' AND c.relkind = 'r' ORDER BY 1`
  ).map(({ name }) => name);

/** A user that may not vacuum a table is only warned, and the table left as it is: so it is looked whether it has a new file. */
async function rewrite(db: Db, table: string): Promise<void> {
  const fileOf = () => db.$queryRaw<unknown[]>`SELECT pg_relation_filenode(${table}::text::regclass)::text AS file`;
  const before = JSON.stringify(await fileOf());
  await db.$executeRaw`${Prisma.raw(`VACUUM (FULL, ANALYZE) ${table}`)}`;
  if (JSON.stringify(await fileOf()) !== before) return;
  throw new AppError(
    'FORBIDDEN',
    `The database user may not vacuum ${table}: its owner, or that of the database, may.`,
  );
}

async function waitForOlderTransactions(db: Db): Promise<void> {
  // Taking a number of its own makes this transaction newer than all that has been committed.
  const [{ own } = { own: '0' }] = await db.$queryRaw<{ own: string }[]>`SELECT pg_current_xact_id()::text AS own`;
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const [{ count } = { count: 0 }] = await db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::integer AS count FROM (
        SELECT held.xmin FROM pg_stat_activity, unnest(ARRAY[backend_xmin, backend_xid]) AS held (xmin)
        WHERE held.xmin IS NOT NULL AND pid <> pg_backend_pid() AND coalesce(datname, current_database()) = current_database()
        UNION ALL SELECT xmin FROM pg_replication_slots WHERE xmin IS NOT NULL
        UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()) AS holding
      WHERE age(xmin) > age(${own}::xid8::xid)`;
    if (count === 0) return;
    if (Date.now() > deadline) {
      throw new AppError(
        'CONFLICT',
        `${count} transactions began before this and still see what was deleted. Try again later.`,
      );
    }
    await pause(LOOK_MS);
  }
}

/**
 * A checkpoint renames old segments for later, as they are, and deletes those beyond `min_wal_size`. So each is written to once more. The
 * embedded server deletes them all, once it is told not to keep any. False when the database user may not.
 */
async function clearWal(db: Db): Promise<boolean> {
  try {
    await db.$executeRaw`SET wal_recycle = off`; // heard by the embedded server alone: others have a process for it
    await nextSegment(db); // the one that is written to is kept by a checkpoint, and would come up again behind the others
    await db.$executeRaw`CHECKPOINT`;
    const [{ count } = { count: 0 }] = await db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::integer AS count FROM pg_ls_waldir()`;
    for (let segment = 0; segment < count; segment++) await nextSegment(db);
    await db.$executeRaw`CHECKPOINT`;
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  } finally {
    await db.$executeRaw`RESET wal_recycle`.catch(() => undefined);
  }
}

/** The server fills what is left of a segment with zeros when it goes on to the next: so each old one is overwritten. */
async function nextSegment(db: Db): Promise<void> {
  await db.$queryRaw`SELECT pg_logical_emit_message(FALSE, 'palimpsest', '')::text`;
  await db.$queryRaw`SELECT pg_switch_wal()::text`;
}

/** 42501: the user may not. */
const isRefused = (error: unknown): boolean => JSON.stringify(error).includes('42501');
