import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { DatabaseConfig } from '../config.js';
import { PrismaClient, type Prisma } from '../generated/prisma/client.js';
import { openFolder, type EmbeddedFolder, type FolderOptions } from './embedded-folder.js';
import { embeddedPool } from './embedded-pool.js';
import { giveWayOn } from './give-way.js';
import {
  actPerRequest,
  asSystem,
  GuardedPool,
  kindOfActor,
  stateOfGuard,
  type GuardOptions,
  type GuardState,
} from './guard.js';
import { JobQueue, type Retries } from './job-queue.js';
import { listen, type ListenOptions } from './listen.js';
import { migrate } from './migrate.js';
import { analyzeStale, keepStatistics } from './statistics.js';
import { cancelOn, holdToTime } from './timed-pool.js';
import { Wakeups } from './wakeups.js';

export type Db = PrismaClient;
export type Tx = Prisma.TransactionClient;

/** The channel on which a commit says "look now"; the payload is the account's id, or one of the words below and an id. */
export const CHANNEL = 'memory_events';
/** An API key may be less now than it was: the word that earlier versions know for a revocation, so that they end its feeds. */
export const KEY_CHANGED = 'revoked ';
export const PLAN_CHANGED = 'plan ';
/** Something of an account was erased: what is kept in memory of it goes. */
export const ERASED = 'erased ';

/**
 * Without iterative scans a filtered HNSW search stops early and returns fewer rows than exist; with 100 it misses four of a
 * hundred. In strict order a scan that goes on leaves out what is nearer than it has come to: of a tenant with a third of the
 * rows it missed one in eight. In relaxed order rows come nearly in order: whoever takes them sorts them himself.
 */
const SESSION = { 'hnsw.iterative_scan': 'relaxed_order', 'hnsw.ef_search': '400' } as const;
/** A vector index that does not fit into memory while it is built takes several times as long. A server of one's own has a setting for it. */
const EMBEDDED_SESSION = { ...SESSION, maintenance_work_mem: "'256MB'" } as const;

/** For a connection, new or given back: whoever waits longer is told that the database can not be reached, and waits no more. */
const CONNECTION_MS = 30_000;
/** The embedded database has one session: everybody waits for as long as a batch takes; on a server those who write to the same account. */
const EMBEDDED_BATCH_MS = 200;
const SERVER_BATCH_MS = 400;
const NAMED_STATEMENTS = 500;
/** Writers of one account take turns, and the embedded database has one session: waiting is normal, waiting forever is not. */
const TRANSACTION = { maxWait: 30_000, timeout: 30_000 };

export interface Database {
  db: Db;
  wakeups: Wakeups;
  /** Work that outlives the process; its tables are made when it is started. */
  queue<Data extends object>(name: string, retries: Retries, onError: (error: unknown) => void): JobQueue<Data>;
  /** For bulk work, before each of its steps: lets others go first where they share one session. */
  giveWay: () => Promise<void>;
  /** How long a batch of bulk work may take in it. */
  batchMs: number;
  /** For bulk work, from time to time: has the database look at tables that changed a good deal, by which it plans. */
  lookAtTables: () => Promise<unknown>;
  /** How the database keeps accounts apart. */
  guard: GuardState;
  close(): Promise<void>;
}

export interface OpenOptions extends FolderOptions, GuardOptions {
  /** The embedded data folder, where it is being opened already. */
  folder?: Promise<EmbeddedFolder>;
  /** Called with the id of an API key that was changed or revoked, by whatever process. */
  onKeyChanged?: ((apiKeyId: string) => void) | undefined;
  /** Called with the id of an account whose plan was changed. */
  onPlanChanged?: ((accountId: string) => void) | undefined;
  /** Called with an account of which something was erased, by whatever process; without one where such news may have been lost. */
  onErased?: ((accountId?: string) => void) | undefined;
  /** Called with the text of each SQL statement that goes through Prisma. */
  onStatement?: ((sql: string) => void) | undefined;
}

/** Opens the embedded or the real PostgreSQL, brings its schema up to date, and listens for events. */
export async function openDatabase(config: DatabaseConfig, options: OpenOptions = {}): Promise<Database> {
  const connection =
    config.kind === 'postgres' ? connectPostgres(config, options) : await openEmbedded(config, options);
  try {
    const db = prismaClient(connection.pool, options.onStatement);
    // Prisma compiles its query compiler now, while the migrations are looked at, instead of in somebody's first request.
    await Promise.all([db.$connect(), migrate(connection.pool)]);
    await asSystem(() => connection.prepare());
    const guard = await stateOfGuard(connection.pool);
    const wakeups = new Wakeups();
    const hear = (payload: string): void => {
      if (payload.startsWith(KEY_CHANGED)) options.onKeyChanged?.(payload.slice(KEY_CHANGED.length));
      else if (payload.startsWith(PLAN_CHANGED)) options.onPlanChanged?.(payload.slice(PLAN_CHANGED.length));
      else if (payload.startsWith(ERASED)) options.onErased?.(payload.slice(ERASED.length));
      else wakeups.wake(payload);
    };
    const onConnect = (): void => {
      wakeups.wakeAll();
      options.onErased?.();
    };
    const listener = await connection.listen({ onNotify: hear, onConnect });
    const close = async (): Promise<void> => {
      await listener.close();
      await db.$disconnect();
      await connection.close();
    };
    return {
      db,
      wakeups,
      giveWay: connection.giveWay,
      batchMs: connection.batchMs,
      lookAtTables: () => analyzeStale(connection.pool, connection.giveWay),
      guard,
      queue: (name, retries, onError) => new JobQueue(connection.pool, name, retries, onError),
      close,
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

interface Connection {
  pool: GuardedPool;
  batchMs: number;
  giveWay: () => Promise<void>;
  prepare(): Promise<void>;
  listen(ears: Pick<ListenOptions, 'onNotify' | 'onConnect'>): Promise<{ close: () => Promise<void> }>;
  close(): Promise<void>;
}

function connectPostgres({ url, poolSize }: { url: string; poolSize: number }, guard: GuardOptions): Connection {
  const options = Object.entries(SESSION).map(([name, value]) => `-c ${name}=${value}`);
  const pool = new GuardedPool(
    {
      connectionString: url,
      max: poolSize,
      options: options.join(' '),
      connectionTimeoutMillis: CONNECTION_MS,
      keepAlive: true, // a connection that died without a word would be taken for a slow one
    },
    guard,
  );
  holdToTime(pool, cancelOn(url));
  pool.on('error', () => undefined); // an idle connection that the server closed: the pool replaces it by itself
  // One that breaks while it is lent out but runs nothing: whoever uses it next is told. Unheard, it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    pool,
    batchMs: SERVER_BATCH_MS,
    giveWay: () => Promise.resolve(),
    prepare: () => Promise.resolve(),
    listen: (ears) => listen({ url, channel: CHANNEL, ...ears }),
    close: () => pool.end(),
  };
}

async function openEmbedded({ dataDir }: { dataDir: string }, options: OpenOptions): Promise<Connection> {
  const folder = await (options.folder ?? openFolder(dataDir, options));
  // A statement that runs in its one session can not be broken off: those after it are not begun.
  const pool = embeddedPool(folder.postgres, options);
  holdToTime(pool, undefined);
  const giveWay = giveWayOn(pool);
  const statistics = keepStatistics(pool, giveWay);
  return {
    pool,
    batchMs: EMBEDDED_BATCH_MS,
    giveWay,
    prepare: async () => {
      for (const [name, value] of Object.entries(EMBEDDED_SESSION)) await pool.query(`SET ${name} = ${value}`);
    },
    listen: async ({ onNotify }) => {
      await folder.postgres.listen(CHANNEL, onNotify);
      return { close: () => Promise.resolve() };
    },
    close: async () => {
      await statistics.stop();
      await pool.end();
      await folder.close();
    },
  };
}

function prismaClient(pool: pg.Pool, onStatement: OpenOptions['onStatement']): PrismaClient {
  const adapter = new PrismaPg(pool, { statementNameGenerator: nameStatements() });
  if (!onStatement) return actPerRequest(new PrismaClient({ adapter, transactionOptions: TRANSACTION, log: [] }));
  const db = new PrismaClient({ adapter, transactionOptions: TRANSACTION, log: [{ level: 'query', emit: 'event' }] });
  db.$on('query', ({ query }) => onStatement(query));
  return actPerRequest(db);
}

/**
 * Marks a statement that is to be planned for its own parameters each time: PostgreSQL may otherwise go over to a plan for
 * any tenant, which is not the one for a large one.
 */
export const PLANNED_EACH_TIME = '/* planned each time */';

/** Named statements are parsed and planned once a connection. Their number is bounded: raw SQL with lists has many texts. */
function nameStatements(): ({ sql }: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    if (sql.includes(PLANNED_EACH_TIME)) return '';
    const known = names.get(sql);
    if (known === undefined && names.size >= NAMED_STATEMENTS) return '';
    const name = known ?? `p${names.size}`;
    names.set(sql, name);
    // A plan under row-level security is one for its role: shared by two it would be made anew whenever they take turns.
    return `${name}_${kindOfActor()}`;
  };
}
