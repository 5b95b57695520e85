// Prisma's schema engine as WebAssembly: compares and writes migrations with no native engine, no server and no network.
//   node scripts/schema-engine.js drift         what prisma/schema.prisma has that prisma/migrations have not; exit 1 if anything
//   node scripts/schema-engine.js create NAME   writes that difference as a new migration
//   node scripts/schema-engine.js status        what `prisma migrate status` would say of the database at DATABASE_URL
import console from 'node:console';
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** @typedef {import('@prisma/driver-adapter-utils').SqlDriverAdapter} SqlDriverAdapter */
/** @typedef {import('@prisma/schema-engine-wasm/schema_engine_bg').SchemaEngine} SchemaEngine */
/** @typedef {Awaited<ReturnType<PrismaPg['connect']>>} PrismaPgAdapter */
/** @typedef {{ instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }> }} WasmLoader */
/** @typedef {(query: pg.QueryArrayConfig) => Promise<pg.QueryArrayResult>} RunQuery */

const PRISMA_DIR = join(import.meta.dirname, '..', 'prisma');
const MIGRATIONS_DIR = join(PRISMA_DIR, 'migrations');
const FILTERS = { externalTables: [], externalEnums: [] };
/** Object ids of PostgreSQL's one-byte "char" and of an array of it. */
const CHAR_OID = 18;
const CHAR_ARRAY_OID = 1002;
const TERMINATE = 'X'.charCodeAt(0);

/** A socket for node-postgres that ends in PGlite: the wire protocol without a wire. */
class PGliteSocket extends Duplex {
  /** @param {PGlite} db */
  constructor(db) {
    super();
    this.db = db;
  }

  connect() {
    this.db.waitReady.then(
      () => this.emit('connect'),
      (/** @type {unknown} */ error) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return this;
  }

  // node-postgres tunes what it takes for a TCP socket.
  setNoDelay() {
    return this;
  }

  setKeepAlive() {
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }

  /** @override */
  _read() {
    // Replies are pushed as they come.
  }

  /**
   * @override
   * @param {Buffer} message
   * @param {BufferEncoding} _encoding
   * @param {(error?: Error | null) => void} done
   */
  _write(message, _encoding, done) {
    if (message[0] === TERMINATE) {
      this.push(null);
      done();
      return;
    }
    this.db.execProtocolRaw(new Uint8Array(message)).then((reply) => {
      if (reply.length > 0) this.push(reply);
      done();
    }, done);
  }
}

/** @param {PGlite} db */
const poolOver = (db) =>
  new pg.Pool({
    user: 'postgres',
    database: 'postgres',
    max: 1,
    idleTimeoutMillis: 0,
    stream: () => new PGliteSocket(db),
  });

/**
 * adapter-pg, with the two things that the engine needs and it lacks.
 * @param {PrismaPgAdapter} adapter
 * @returns {SqlDriverAdapter}
 */
function forEngine(adapter) {
  const pool = adapter.underlyingDriver();
  // It cuts scripts at every semicolon, those in comments and function bodies too: PostgreSQL can take them apart better.
  const runScript = pool.query.bind(pool);
  adapter.executeScript = async (script) => {
    await runScript(script);
  };
  // It refuses "char", which the catalogs are full of: let it pass as an array and turn that back.
  const runQuery = /** @type {RunQuery} */ (pool.query.bind(pool));
  pool.query = /** @type {typeof pool.query} */ (
    /** @type {unknown} */ (
      async (/** @type {pg.QueryArrayConfig} */ query) => {
        const result = await runQuery(query);
        for (const field of result.fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = CHAR_ARRAY_OID;
        return result;
      }
    )
  );
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const { Character, CharacterArray } = ColumnTypeEnum;
    return { ...result, columnTypes: result.columnTypes.map((type) => (type === CharacterArray ? Character : type)) };
  };
  return adapter;
}

/** Node 20 can not import WebAssembly as a module: do by hand what the package's entry file would. */
async function loadEngine() {
  const glue = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = readFileSync(join(glue, '..', 'schema_engine_bg.wasm'));
  // TypeScript knows this global from the browser's types alone.
  const { WebAssembly } = /** @type {{ WebAssembly: WasmLoader }} */ (/** @type {unknown} */ (globalThis));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': { ...engineModule } });
  engineModule.__wbg_set_wasm(instance.exports);
  /** @type {() => void} */ (instance.exports['__wbindgen_start'])();
  return engineModule.SchemaEngine;
}

const readSchema = () => {
  const path = join(PRISMA_DIR, 'schema.prisma');
  return { path, content: readFileSync(path, 'utf8') };
};

/** Reads prisma/migrations in the shape that the engine takes. */
function readMigrations() {
  const folders = readdirSync(MIGRATIONS_DIR, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    baseDir: MIGRATIONS_DIR,
    shadowDbInitScript: '',
    lockfile: {
      path: 'migration_lock.toml',
      content: readFileSync(join(MIGRATIONS_DIR, 'migration_lock.toml'), 'utf8'),
    },
    migrationDirectories: folders
      .map(({ name }) => name)
      .sort()
      .map((name) => ({ path: name, migrationFile: { path: 'migration.sql', content: readMigration(name) } })),
  };
}

/** @param {string} name */
const readMigration = (name) => ({
  tag: /** @type {const} */ ('ok'),
  value: readFileSync(join(MIGRATIONS_DIR, name, 'migration.sql'), 'utf8'),
});

/**
 * Runs the engine. Its main database is the pool given, or none; its shadow database is thrown away afterwards.
 * @template T
 * @param {pg.Pool | null} main
 * @param {(engine: SchemaEngine) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withEngine(main, use) {
  /** @type {(() => Promise<void>)[]} */
  const closers = [];
  const connectToShadowDb = async () => {
    const db = await PGlite.create({ extensions: { vector } });
    const pool = poolOver(db);
    closers.push(
      () => pool.end(),
      () => db.close(),
    );
    return forEngine(await new PrismaPg(pool).connect());
  };
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: async () => (main ? forEngine(await new PrismaPg(main).connect()) : connectToShadowDb()),
    connectToShadowDb,
  });
  const { path, content } = readSchema();
  try {
    const Engine = await loadEngine();
    return await use(await Engine.new({ datamodels: [[path, content]] }, () => undefined, factory));
  } catch (error) {
    // The engine reports a failure of the adapter by number; the reason itself stays in the registry.
    throw factory.errorRegistry.consumeError(0)?.error ?? error;
  } finally {
    for (const close of closers) await close();
  }
}

/**
 * The SQL that would bring a migrated database to prisma/schema.prisma; null when it is there already.
 * @returns {Promise<string | null>}
 */
export async function readDrift() {
  const { exitCode, stdout } = await withEngine(null, (engine) =>
    engine.diff({
      from: { tag: 'migrations', ...readMigrations() },
      to: { tag: 'schemaDatamodel', files: [readSchema()] },
      script: true,
      exitCode: true,
      filters: FILTERS,
    }),
  );
  return exitCode === 0 ? null : `${(stdout ?? '').trimEnd()}\n`;
}

/**
 * How Prisma sees the migration history of a database: `history` is null when nothing is left to apply.
 * @param {pg.Pool} pool a pool of its own: the engine changes how it answers
 */
export const readStatus = (pool) =>
  withEngine(pool, (engine) =>
    engine.diagnoseMigrationHistory({
      migrationsList: readMigrations(),
      optInToShadowDatabase: false,
      filters: FILTERS,
    }),
  );

async function drift() {
  const sql = await readDrift();
  if (sql === null) {
    console.log('migrations and schema.prisma agree');
    return 0;
  }
  console.log(sql);
  console.error(
    'prisma/schema.prisma and prisma/migrations differ: the SQL above leads from the migrations to the schema',
  );
  return 1;
}

/** @param {string | undefined} name */
async function create(name) {
  if (!name || !/^[a-z0-9_]+$/.test(name)) {
    console.error('Give the migration a name of lower-case letters, digits and underscores.');
    return 2;
  }
  const sql = await readDrift();
  if (sql === null) {
    console.log('nothing changed: migrations and schema.prisma agree');
    return 0;
  }
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(MIGRATIONS_DIR, `${stamp}_${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), sql);
  console.log(`wrote prisma/migrations/${stamp}_${name}/migration.sql`);
  return 0;
}

async function status() {
  const connectionString = process.env['DATABASE_URL'];
  if (!connectionString) {
    console.error('Set DATABASE_URL to the database to look at.');
    return 2;
  }
  const pool = new pg.Pool({ connectionString });
  try {
    const found = await readStatus(pool);
    console.log(JSON.stringify(found, null, 2));
    const isClean = !found.history && found.failedMigrationNames.length + found.editedMigrationNames.length === 0;
    return isClean ? 0 : 1;
  } finally {
    await pool.end();
  }
}

/** @param {string[]} args */
function run([command, name]) {
  switch (command) {
    case 'drift':
      return drift();
    case 'create':
      return create(name);
    case 'status':
      return status();
    default:
      console.error('usage: node scripts/schema-engine.js drift | create NAME | status');
      return 2;
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  process.exitCode = await run(process.argv.slice(2));
}
