import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { asSystem, type GuardedPool } from './guard.js';

/** The advisory lock that `prisma migrate` takes on PostgreSQL: two nodes that start at once take turns. */
const MIGRATION_LOCK = 72_707_369;

const HISTORY = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

export const MIGRATIONS = new URL('../../prisma/migrations/', import.meta.url);

/** So long a migration waits for a table, and all who come after it wait with it. */
const LOCK_MS = 2_000;
/** lock_not_available, deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const IN_THE_WAY = new Set(['55P03', '40P01']);
const BETWEEN_ATTEMPTS_MS = 1_000;
/** For some minutes. */
const MOST_ATTEMPTS = 60;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface AppliedMigration {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/**
 * Applies the migrations that the database lacks, in order, and records them as `prisma migrate deploy` does, so that
 * either may be used on one database. Returns the names of those applied.
 * @throws Error when the database is newer than this program, or a migration was edited after it was applied.
 */
export async function migrate(pool: GuardedPool): Promise<string[]> {
  const migrations = await readMigrations();
  const client = await asSystem(() => pool.connect());
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await client.query(HISTORY);
      const pending = pendingMigrations(migrations, await readApplied(client));
      for (const migration of pending) await apply(client, migration);
      pool.hasRoles = await guardTables(client);
      return pending.map(({ name }) => name);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    client.release();
  }
}

/** Also on a database that lacks nothing: its roles may be new, or gone. True if there are roles to act as. */
async function guardTables(client: pg.PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ how: string }>('SELECT palimpsest_guard() AS how, palimpsest_leakproof()');
  return rows[0]?.how === 'roles';
}

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

const readApplied = async (client: pg.PoolClient): Promise<AppliedMigration[]> =>
  (
    await client.query<AppliedMigration>(
      'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    )
  ).rows;

function pendingMigrations(migrations: Migration[], applied: AppliedMigration[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at: finishedAt } of applied) {
    const ours = known.get(name);
    if (!ours)
      throw new Error(`The database has migration ${name}, which this version does not know: run a newer version.`);
    if (!finishedAt)
      throw new Error(`Migration ${name} failed earlier: mend it, then mark it with "prisma migrate resolve".`);
    if (ours.checksum !== checksum) throw new Error(`Migration ${name} was changed after it was applied.`);
  }
  const done = new Set(applied.map(({ migration_name: name }) => name));
  return migrations.filter(({ name }) => !done.has(name));
}

/**
 * Again after a while where another node's work is in the way: that node goes on meanwhile, which it could not if a change
 * of a table were to wait in front of it for the end of something long.
 */
async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await applyOnce(client, migration);
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!IN_THE_WAY.has(code) || attempt === MOST_ATTEMPTS)
        throw new Error(`Migration ${migration.name} failed: ${String(error)}`, { cause: error });
      await pause(BETWEEN_ATTEMPTS_MS * (0.5 + Math.random()));
    }
  }
}

/** One transaction: a process killed half way leaves neither half a schema nor a row that says "failed". */
async function applyOnce(client: pg.PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_MS}`);
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
