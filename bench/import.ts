// How many facts a second does a bulk import store, and how long does a search take meanwhile?
// The facts of a folder (*.jsonl with "fact", and "tenant" or none), through POST /agent/memories/import of a server on a port of
// its own: by tenant as the file says, and all in one tenant. Each layout begins on an empty database.
// Run: npx tsx bench/import.ts FOLDER [--rows N] [--without-vector-index] [--without-search]    the embedded one only
//      POSTGRES_DURABLE=true node scripts/real-postgres.js run npx tsx bench/import.ts FOLDER [...]   both
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { createApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { createDatabase, runSql } from '../test/support/postgres.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string' },
    'without-vector-index': { type: 'boolean' },
    'without-search': { type: 'boolean' },
  },
});
const [folder = ''] = positionals;
const most = Number(values.rows ?? Infinity);
const LOAD = (): string => os.loadavg()[0]?.toFixed(1) ?? '?';

interface Fact {
  fact: string;
  tenant?: string;
}

async function readFacts(): Promise<Fact[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as Fact] : [])));
}

interface Layout {
  name: string;
  tenantOf: (fact: Fact) => string | undefined;
}

const LAYOUTS: readonly Layout[] = [
  { name: 'by tenant', tenantOf: ({ tenant }) => tenant },
  { name: 'one tenant', tenantOf: () => undefined },
];

/** Asks for a known fact again and again, as a user who works meanwhile would; gives the milliseconds of each search. */
async function searchMeanwhile(
  url: string,
  key: string,
  asked: readonly { fact: Fact; tenantId: string | undefined }[],
  isOver: () => boolean,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; !isOver(); i++) {
    const { fact, tenantId } = asked[(i * 7919) % asked.length] ?? { fact: { fact: '' }, tenantId: undefined };
    const query =
      'query ($query: String!, $filter: MemoryFilter) { search(query: $query, filter: $filter, first: 10) { edges { node { score memory { text } } } } }';
    const from = performance.now();
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { query: fact.fact, filter: { tenantId } } }),
    });
    const { errors } = (await response.json()) as { errors?: object };
    if (errors) throw new Error(JSON.stringify(errors));
    times.push(performance.now() - from);
    await pause(100);
  }
  return times;
}

async function measure(app: App, url: string, facts: readonly Fact[], { name, tenantOf }: Layout): Promise<object> {
  const { id: accountId } = await createAccount(app.deps, { name: 'bench', plan: 'pro' });
  const { key } = await createApiKey(app.deps, { name: 'bench', accountId });
  const rows = facts.map((fact) => ({ content: fact.fact, tenant_id: tenantOf(fact) }));
  const body = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  let isOver = false;
  const asked = facts.slice(0, 5_000).map((fact) => ({ fact, tenantId: tenantOf(fact) }));
  const searching = searchMeanwhile(url, key, asked, () => isOver || values['without-search'] === true);
  searching.catch(() => undefined);
  const cpu = process.cpuUsage();
  const from = performance.now();
  const response = await fetch(`${url}/agent/memories/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    body,
  });
  const lines = (await response.text()).trimEnd().split('\n');
  const seconds = (performance.now() - from) / 1_000;
  isOver = true;
  const { user, system } = process.cpuUsage(cpu);
  const ended = JSON.parse(lines.at(-1) ?? '{}') as { state: string; stored: number; duplicates: number };
  if (ended.state !== 'done') throw new Error(lines.at(-1));
  const times = (await searching).sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? NaN).toFixed(0);
  return {
    layout: name,
    rows: rows.length,
    stored: ended.stored,
    'rows/s': Math.round(rows.length / seconds),
    'rows/s of CPU': Math.round((rows.length / (user + system)) * 1e6),
    searches: times.length,
    ...(times.length > 0 && { 'p50 ms': at(0.5), 'p95 ms': at(0.95) }),
    load: LOAD(),
  };
}

async function bench(database: string, env: Record<string, string>, layout: Layout, facts: Fact[]): Promise<object> {
  const app = await createApp(readConfig({ PORT: '0', ...env }), pino({ level: 'silent' }), { otherwise: 'SYSTEM' });
  try {
    if (values['without-vector-index']) await dropVectorIndex(app);
    const url = await app.listen();
    return { database, ...(await measure(app, url, facts, layout)) };
  } finally {
    await app.close();
  }
}

/** What the import costs by itself. */
async function dropVectorIndex({ deps: { db } }: App): Promise<void> {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'hnsw'`;
  for (const { name } of rows) await db.$executeRawUnsafe(`DROP INDEX ${name}`);
}

const facts = (await readFacts()).slice(0, most);
const results: object[] = [];
for (const layout of LAYOUTS) {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-import-'));
  try {
    results.push(await bench('embedded', { PALIMPSEST_DATA_DIR: dataDir }, layout, facts));
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
const server = process.env['TEST_DATABASE_URL'] ?? '';
if (server !== '') {
  const [about] = await runSql<{ name: string }>(
    server,
    `SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync') AS name`,
  );
  for (const layout of LAYOUTS) {
    const database = await createDatabase(server);
    try {
      results.push(await bench(about?.name ?? '?', { DATABASE_URL: database.url }, layout, facts));
    } finally {
      await database.drop();
    }
  }
}
console.log(`Node ${process.version}, ${os.cpus().length} cores, ${facts.length} facts`);
console.table(results);
