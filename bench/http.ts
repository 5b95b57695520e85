// How many REST requests a second does one server answer at 32 connections, how long do they take, and with how many SQL statements?
// Run: npm run build, then npx tsx bench/http.ts [requests per endpoint]; on a real PostgreSQL:
// node scripts/real-postgres.js run npx tsx bench/http.ts
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { createDatabase } from '../test/support/postgres.js';
import { startBuilt } from './server.js';

const CONNECTIONS = 32;
const MEMORIES = 1_000;
const count = Number(process.argv[2] ?? 1_000);
const postgres = process.env['TEST_DATABASE_URL'];

interface Call {
  name: string;
  method: string;
  path: string;
  body?: (n: number) => object;
}

const callsOf = (memoryId: string): Call[] => [
  { name: 'GET /plan/status', method: 'GET', path: '/plan/status' },
  { name: 'GET timeline', method: 'GET', path: `/memories/${memoryId}/timeline` },
  {
    name: 'POST /agent/query',
    method: 'POST',
    path: '/agent/query',
    body: (n) => ({ question: `Who likes tea ${n % 50}?` }),
  },
  {
    name: 'POST /agent/memories',
    method: 'POST',
    path: '/agent/memories',
    body: (n) => ({ content: `Guest ${n} likes tea ${n}.`, tenant_id: 'written' }),
  },
];

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function send(url: string, key: string, { method, path: target, body }: Call, n: number): Promise<string> {
  const text = body && JSON.stringify(body(n));
  const headers = { authorization: `Bearer ${key}`, ...(text !== undefined && { 'content-type': 'application/json' }) };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${target}`, { method, headers, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const reply = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve(reply);
        else reject(new Error(`${method} ${target}: ${response.statusCode ?? ''} ${reply}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

/** Milliseconds that each of `total` requests took, CONNECTIONS at a time. */
async function load(total: number, one: (n: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < total; n = next++) {
      const began = performance.now();
      await one(n);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return times.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);

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
    await ask(call, 1);
    const before = seen.length;
    await ask(call, 2);
    counted.set(call.name, seen.length - before);
  }
  await app.close();
  return counted;
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-http-'));
const databases = postgres ? [await createDatabase(postgres), await createDatabase(postgres)] : [];
const [loaded, counted] = databases.map(({ url }) => ({ DATABASE_URL: url }));
const server = await startBuilt(path.join(folder, 'data'), {
  PALIMPSEST_PRO_RATE: process.env['RATE'] ?? '1000000000',
  ...loaded,
});
const key = server.key ?? '';
const sql = await statements(counted ?? { PALIMPSEST_DATA_DIR: 'memory://' });
const [load1 = 0] = os.loadavg();
console.log(
  `Node ${process.version}, ${os.cpus().length} cores, load ${load1.toFixed(1)}, ${postgres ? 'PostgreSQL' : 'embedded'}; ${count} requests each, ${CONNECTIONS} connections, ${MEMORIES} memories`,
);

const fill: Call = {
  name: '',
  method: 'POST',
  path: '/agent/memories',
  body: (n) => ({ content: `Person ${n} likes tea number ${n}.`, auto_supersede: false }),
};
const [first] = await Promise.all([
  send(server.url, key, fill, 0),
  load(MEMORIES - 1, (n) => send(server.url, key, fill, n + 1)),
]);
const { memory_id: memoryId } = JSON.parse(first) as { memory_id: string };
for (const call of callsOf(memoryId)) {
  const body = call.body;
  const own =
    call.path === '/agent/memories' && body
      ? { ...call, body: (n: number) => ({ ...body(n), auto_supersede: false }) }
      : call;
  await load(64, (n) => send(server.url, key, own, n + count)); // warm
  const began = performance.now();
  const times = await load(count, (n) => send(server.url, key, own, n));
  const perSecond = (1000 * count) / (performance.now() - began);
  console.log(
    `${call.name.padEnd(22)} ${perSecond.toFixed(0).padStart(6)}/s  p50 ${at(times, 0.5)} ms  p99 ${at(times, 0.99)} ms  ${sql.get(call.name) ?? '?'} statements`,
  );
}
agent.destroy();
await server.end('SIGTERM');
await Promise.all(databases.map(({ drop }) => drop()));
rmSync(folder, { recursive: true, force: true });
