import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { embeddedPool } from '../../src/store/embedded-pool.js';
import { EmbeddedPostgres } from '../../src/store/embedded.js';
import { MIGRATIONS, migrate } from '../../src/store/migrate.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A dump of a migrated, empty data folder: each test file begins from it instead of running initdb. */
    snapshot: string;
    /** Set when the suite runs on a PostgreSQL server. */
    testDatabaseUrl: string;
  }
}

export default async function setUp({ provide }: TestProject): Promise<void> {
  provide('testDatabaseUrl', process.env['TEST_DATABASE_URL'] ?? '');
  provide('snapshot', await snapshot());
}

/** The path of a dump of a migrated, empty data folder; made on first use. */
export async function snapshot(): Promise<string> {
  const folder = path.resolve('node_modules/.cache/palimpsest');
  const file = path.join(folder, `${fingerprintOfMigrations()}.tar`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const database = new EmbeddedPostgres('memory://');
  await database.ready;
  const pool = embeddedPool(database);
  await migrate(pool);
  await pool.end();
  writeFileSync(`${file}.new`, await database.dump());
  renameSync(`${file}.new`, file); // whole or not there: a cut run must not poison the next
  await database.close();
  return file;
}

function fingerprintOfMigrations(): string {
  const root = fileURLToPath(MIGRATIONS);
  const hash = createHash('sha256').update(readFileSync('package-lock.json'));
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.sql')) hash.update(readFileSync(path.join(root, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
