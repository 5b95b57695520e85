// How many REST requests a second does one server answer at 32 connections, how long do they take, how much of a processor does the
// server's process need for one (the embedded database is in it), and how many SQL statements?
// Run: npm run build, then npx tsx bench/http.ts [requests per endpoint]; with a real PostgreSQL beside it:
// node scripts/real-postgres.js run npx tsx bench/http.ts [requests per endpoint]. ONLY=embedded or ONLY=postgres leaves the other out.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { createDatabase } from '../test/support/postgres.js';
import { startBuilt, type BuiltServer } from './server.js';
import { Requests, type Call } from './support/requests.js';

const CONNECTIONS = 32;
const MEMORIES = 1_000;
const WARM = 64;
const count = Number(process.argv[2] ?? 1_000);
const only = process.env['ONLY'];

const callsOf = (memoryId: string): Call[] => [
  { name: 'GET /plan/status', method: 'GET', path: '/plan/status' },
  { name: 'GET /memories/{id}/timeline', method: 'GET', path: `/memories/${memoryId}/timeline` },
  {
    name: 'POST /agent/query',
    method: 'POST',
    path: '/agent/query',
    body: (n) => ({ question: `Who likes tea ${n % 50}?` }),
  },
  {
    name: 'POST /agent/memories (content)',
    method: 'POST',
    path: '/agent/memories',
    body: (n) => ({ content: `Guest ${n} likes tea ${n}.`, tenant_id: 'written', auto_supersede: false }),
  },
];

/** SQL statements of one request, warm, counted on a server within this process. */
async function statements(database: Record<string, string>): Promise<Map<string, number>> {
  const seen: string[] = [];
  const app = await createApp(readConfig({ PORT: '0', ...database }), pino({ level: 'silent' }), {
    otherwise: 'SYSTEM',
    onStatement: (sql) => seen.push(sql),
  });
  const { id: accountId } = await createAccount(app.deps, { name: 'statements' });
  const { key } = await createApiKey(app.deps, { name: 'statements', accountId });
  const ask = async ({ method, path: target, body }: Call, n: number): Promise<unknown> => {
    const init = { method, headers: { authorization: `Bearer ${key}` } };
    const sent = body ? { ...init, body: new TextEncoder().encode(JSON.stringify(body(n))) } : init;
    return (await app.fetch(new Request(`http://bench${target}`, sent))).json();
  };
  const add: Call = { name: '', method: 'POST', path: '/agent/memories', body: () => ({ content: 'Ann likes tea.' }) };
  const { memory_id: memoryId } = (await ask(add, 0)) as { memory_id: string };
  const counted = new Map<string, number>();
  for (const call of callsOf(memoryId)) {
    const times: number[] = [];
    for (let n = 1; n <= 5; n++) {
      const before = seen.length;
      await ask(call, n);
      times.push(seen.length - before);
    }
    counted.set(call.name, Math.min(...times)); // what the server does in the background only adds
  }
  await app.close();
  return counted;
}

/** Milliseconds that a process has had of a processor; only Linux tells. */
function cpuMs(pid: number): number {
  try {
    // Fields 14 and 15, in hundredths of a second; the second field, a name in brackets, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return NaN;
  }
}

const fill: Call = {
  name: '',
  method: 'POST',
  path: '/agent/memories',
  body: (n) => ({ content: `Person ${n} likes tea number ${n}.`, auto_supersede: false }),
};
const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);

/** One row of the table for each call. */
async function measure(name: string, server: BuiltServer, sql: ReadonlyMap<string, number>): Promise<void> {
  const client = new Requests(server.url, server.key ?? '', CONNECTIONS);
  const { memory_id: memoryId } = JSON.parse(await client.send(fill, 0)) as { memory_id: string };
  await client.load(MEMORIES - 1, fill, 1);
  for (const call of callsOf(memoryId)) {
    await client.load(WARM, call, count);
    const [began, cpuBefore] = [performance.now(), cpuMs(server.pid)];
    const times = await client.load(count, call);
    const perSecond = ((1000 * count) / (performance.now() - began)).toFixed(0);
    const cpu = ((cpuMs(server.pid) - cpuBefore) / count).toFixed(1);
    const cells = [name, call.name, perSecond, at(times, 0.5), at(times, 0.99), cpu, sql.get(call.name)];
    console.log(`| ${cells.join(' | ')} |`);
  }
  client.close();
}

async function bench(name: string, loaded: Record<string, string>, counted: Record<string, string>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-http-'));
  const rate = { PALIMPSEST_PRO_RATE: process.env['RATE'] ?? '1000000000' };
  const server = await startBuilt(path.join(folder, 'data'), { ...rate, ...loaded });
  await measure(name, server, await statements(counted));
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

const [load = 0] = os.loadavg();
console.log(
  `Node ${process.version}, ${os.cpus().length} cores, load ${load.toFixed(1)}; ${count} requests each, ${CONNECTIONS} connections, ${MEMORIES} memories\n`,
);
console.log('| database | call | req/s | p50 ms | p99 ms | CPU ms | statements |\n| - | - | -: | -: | -: | -: | -: |');
const postgres = process.env['TEST_DATABASE_URL'];
if (only !== 'postgres') await bench('embedded', {}, { PALIMPSEST_DATA_DIR: 'memory://' });
if (postgres && only !== 'embedded') {
  const databases = [await createDatabase(postgres), await createDatabase(postgres)];
  const [loaded = '', counted = ''] = databases.map(({ url }) => url);
  await bench('PostgreSQL', { DATABASE_URL: loaded }, { DATABASE_URL: counted });
  await Promise.all(databases.map(({ drop }) => drop()));
}
