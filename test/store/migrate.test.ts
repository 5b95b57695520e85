import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readStatus } from '../../scripts/schema-engine.js';
import { embeddedPool } from '../../src/store/embedded-pool.js';
import { EmbeddedPostgres } from '../../src/store/embedded.js';
import type { GuardedPool } from '../../src/store/guard.js';
import { MIGRATIONS, migrate } from '../../src/store/migrate.js';

const ALL = readdirSync(MIGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

let database: EmbeddedPostgres;
let pool: GuardedPool;
let applied: string[][];

interface Row {
  id: string;
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  applied_steps_count: number;
}

const history = async (): Promise<Row[]> =>
  (await pool.query<Row>('SELECT * FROM _prisma_migrations ORDER BY migration_name')).rows;

beforeAll(async () => {
  database = new EmbeddedPostgres('memory://');
  await database.ready;
  pool = embeddedPool(database, { otherwise: 'SYSTEM' });
  applied = await Promise.all([migrate(pool), migrate(pool)]);
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

describe('migrate', () => {
  it('applies all migrations in order to an empty database, once, though two begin at the same time', () => {
    expect(applied.map(({ length }) => length).sort()).toEqual([0, ALL.length].sort());
    expect(applied.flat()).toEqual(ALL);
  });

  it('records each of them as finished', async () => {
    const rows = await history();
    expect(rows.map((row) => row.migration_name)).toEqual(ALL);
    for (const row of rows) {
      expect(row.checksum).toMatch(/^[0-9a-f]{64}$/);
      expect(row.finished_at).toBeInstanceOf(Date);
      expect(row.applied_steps_count).toBe(1);
    }
  });

  it('applies nothing the next time', async () => {
    const before = await history();
    expect(await migrate(pool)).toEqual([]);
    expect(await history()).toEqual(before);
  });

  it("leaves a history that Prisma's own engine agrees with", async () => {
    const own = embeddedPool(database, { otherwise: 'SYSTEM' }); // the engine changes how a pool answers
    try {
      expect(await readStatus(own)).toMatchObject({
        history: null,
        failedMigrationNames: [],
        editedMigrationNames: [],
        hasMigrationsTable: true,
      });
    } finally {
      await own.end();
    }
  });
});

describe('migrate, on a database that it must not touch', () => {
  let before: Row[];

  beforeAll(async () => {
    before = await history();
  });
  afterEach(async () => {
    await pool.query('DELETE FROM _prisma_migrations');
    for (const row of before) {
      await pool.query(
        `INSERT INTO _prisma_migrations (id, migration_name, checksum, finished_at, applied_steps_count)
         VALUES ($1, $2, $3, $4, $5)`,
        [row.id, row.migration_name, row.checksum, row.finished_at, row.applied_steps_count],
      );
    }
  });

  it.each([
    [
      'is newer than the program',
      `UPDATE _prisma_migrations SET migration_name = '20991231000000_from_the_future'`,
      /20991231000000_from_the_future.*run a newer version/,
    ],
    [
      'has a migration that was edited since',
      `UPDATE _prisma_migrations SET checksum = repeat('0', 64)`,
      /changed after it was applied/,
    ],
    ['has a migration that failed half way', 'UPDATE _prisma_migrations SET finished_at = NULL', /failed earlier/],
  ])('refuses one that %s', async (_what, spoil, message) => {
    await pool.query(spoil);
    const spoilt = await history();
    await expect(migrate(pool)).rejects.toThrow(message);
    expect(await history()).toEqual(spoilt);
  });

  it('gives its lock back after a refusal', async () => {
    await pool.query(`UPDATE _prisma_migrations SET checksum = repeat('0', 64)`);
    await expect(migrate(pool)).rejects.toThrow();
    const { rows } = await pool.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`);
    expect(rows).toEqual([]);
  });
});
