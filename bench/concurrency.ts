// How many writes per second: with 1, 4 and 16 writers, of one account or of many, on the embedded and on a real PostgreSQL?
// One process for all, as one node would be. Writes are facts as they are (no model), committed one by one.
// Run: npx tsx bench/concurrency.ts [seconds]                                                        the embedded one only
//      POSTGRES_DURABLE=true node scripts/real-postgres.js run npx tsx bench/concurrency.ts [seconds]   both
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { addMemories } from '../src/core/add-memories.js';
import { authenticate } from '../src/core/authenticate.js';
import type { Caller } from '../src/core/deps.js';
import { createDatabase, runSql } from '../test/support/postgres.js';

const seconds = Number(process.argv[2] ?? 5);
const WRITERS = [1, 4, 16];
/** Several chains per account: writers of one account wait for each other whatever they write. */
const CHAINS = 4;

async function newCaller({ deps }: App): Promise<Caller> {
  const { id } = await createAccount(deps, { name: 'bench' });
  const { key } = await createApiKey(deps, { name: 'bench', accountId: id });
  return authenticate(deps, `Bearer ${key}`);
}

interface Case {
  writers: number;
  hasManyAccounts: boolean;
  /** Each write replaces the version before it, in a chain of the writer's own. */
  isSuperseding: boolean;
}

async function measure(app: App, { writers, hasManyAccounts, isSuperseding }: Case) {
  const shared = await newCaller(app);
  const callers = await Promise.all(
    Array.from({ length: writers }, () => (hasManyAccounts ? newCaller(app) : Promise.resolve(shared))),
  );
  const times: number[] = [];
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1_000;
  const work = callers.map(async (caller, writer) => {
    const newest: (string | undefined)[] = Array.from({ length: CHAINS }, () => undefined);
    for (let i = 0; performance.now() < deadline; i++) {
      const at = performance.now();
      const supersedes = isSuperseding ? newest[i % CHAINS] : undefined;
      const content = `Writer ${writer} noticed on round ${i} that the lamp in room ${i % 97} was on.`;
      const { drafts } = await addMemories(app.deps, caller, { content, ...(supersedes ? { supersedes } : {}) });
      newest[i % CHAINS] = drafts[0]?.memoryId ?? undefined;
      times.push(performance.now() - at);
    }
  });
  await Promise.all(work);
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? NaN).toFixed(1);
  const rate = (times.length / (performance.now() - startedAt)) * 1_000;
  return { 'writes/s': Number(rate.toFixed(0)), 'p50 ms': at(0.5), 'p99 ms': at(0.99) };
}

async function bench(name: string, env: Record<string, string>): Promise<object[]> {
  const silent = pino({ level: 'silent' });
  const app = await createApp(readConfig({ PORT: '0', PALIMPSEST_POOL_SIZE: '20', ...env }), silent, {
    otherwise: 'SYSTEM',
  });
  const rows: object[] = [];
  try {
    await measure(app, { writers: 4, hasManyAccounts: true, isSuperseding: true }); // warms up: plans, JIT, connections
    for (const isSuperseding of [false, true]) {
      for (const writers of WRITERS) {
        for (const hasManyAccounts of writers === 1 ? [false] : [false, true]) {
          const result = await measure(app, { writers, hasManyAccounts, isSuperseding });
          const what = isSuperseding ? 'supersede' : 'add';
          rows.push({ database: name, what, writers, accounts: hasManyAccounts ? writers : 1, ...result });
        }
      }
    }
  } finally {
    await app.close();
  }
  return rows;
}

const rows: object[] = [];
const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-concurrency-'));
try {
  rows.push(...(await bench('embedded', { PALIMPSEST_DATA_DIR: folder })));
} finally {
  await rm(folder, { recursive: true, force: true });
}

const server = process.env['TEST_DATABASE_URL'] ?? '';
if (server === '') {
  console.log('TEST_DATABASE_URL is not set: the embedded database only.');
} else {
  const [about] = await runSql<{ fsync: string; version: string }>(
    server,
    `SELECT current_setting('fsync') AS fsync, current_setting('server_version') AS version`,
  );
  const database = await createDatabase(server);
  try {
    rows.push(
      ...(await bench(`PostgreSQL ${about?.version ?? '?'}, fsync ${about?.fsync ?? '?'}`, {
        DATABASE_URL: database.url,
      })),
    );
  } finally {
    await database.drop();
  }
}

console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
console.table(rows);
