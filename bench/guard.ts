// What does row-level security cost? The same writes, reads and searches with it and without, in turns, on two databases filled alike.
//   npx tsx bench/guard.ts [--memories 3000] [--rounds 40] [--accounts 4]
// On a real PostgreSQL: node scripts/real-postgres.js run npx tsx bench/guard.ts. Prints medians, and their ratio: guarded / not.
import { parseArgs } from 'node:util';
import pino from 'pino';
import { createApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { snapshot } from '../test/support/global-setup.js';
import { createDatabase } from '../test/support/postgres.js';

const { values } = parseArgs({
  options: {
    memories: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '40' },
    /** Requests go round them: with one, the connection seldom changes for whom it acts. */
    accounts: { type: 'string', default: '4' },
  },
});
const ROUNDS = Number(values.rounds);
const WARM_UP = 5;

interface Server {
  app: App;
  keys: string[];
  /** A memory of each key's account. */
  ids: string[];
  drop: () => Promise<void>;
}

async function start(isGuarded: boolean): Promise<Server> {
  const server = process.env['TEST_DATABASE_URL'];
  const own = server === undefined ? undefined : await createDatabase(server);
  const env = own ? { DATABASE_URL: own.url } : { PALIMPSEST_DATA_DIR: 'memory://' };
  const config = readConfig({ PORT: '0', PALIMPSEST_PRO_RATE: '0', ...env });
  const app = await createApp(config, pino({ level: 'silent' }), {
    otherwise: 'SYSTEM',
    isGuarded,
    ...(own ? {} : { snapshot: await snapshot() }),
  });
  const accounts = Number(values.accounts);
  const keys: string[] = [];
  const ids: string[] = [];
  for (let n = 0; n < accounts; n++) {
    const { id } = await createAccount(app.deps, { name: 'bench' });
    const { key } = await createApiKey(app.deps, { name: 'bench', accountId: id });
    const rows = Array.from({ length: Math.ceil(Number(values.memories) / accounts) }, (_, i) =>
      JSON.stringify({ content: `The number of box ${i} is ${i * 7919}.`, tenant_id: 'T' }),
    );
    const text = await call(app, key, 'POST', '/agent/memories/import', rows.join('\n'));
    keys.push(key);
    ids.push(/"memory_id":"([^"]+)"/.exec(text)?.[1] ?? '');
  }
  return { app, keys, ids, drop: () => own?.drop() ?? Promise.resolve() };
}

async function call(app: App, key: string, method: string, path: string, body?: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
  const init = { method, headers, ...(body !== undefined && { body }) };
  const reply = await app.fetch(new Request(`http://bench${path}`, init));
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${text.slice(0, 200)}`);
  return text;
}

type Ask = (server: Server, i: number) => Promise<string>;
const keyOf = ({ keys }: Server, i: number): string => keys[i % keys.length] ?? '';
const KINDS: Record<string, Ask> = {
  write: (server, i) => {
    const body = JSON.stringify({ content: `A fact of its own, number ${i}.`, tenant_id: 'W' });
    return call(server.app, keyOf(server, i), 'POST', '/agent/memories', body);
  },
  list: (server, i) => call(server.app, keyOf(server, i), 'GET', '/agent/memories?tenant_id=T&limit=20'),
  timeline: (server, i) =>
    call(server.app, keyOf(server, i), 'GET', `/memories/${server.ids[i % server.ids.length] ?? ''}/timeline`),
  search: (server, i) => {
    const query = `{ search(query: "number of box ${i}", first: 10, filter: { tenantId: "T" }) { edges { node { memory { id text } } } } }`;
    return call(server.app, keyOf(server, i), 'POST', '/graphql', JSON.stringify({ query }));
  },
};

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] ?? NaN;

const guarded = await start(true);
const unguarded = await start(false);
for (const [name, ask] of Object.entries(KINDS)) {
  const on: number[] = [];
  const off: number[] = [];
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    for (const [server, times] of i % 2 === 0
      ? ([
          [guarded, on],
          [unguarded, off],
        ] as const)
      : ([
          [unguarded, off],
          [guarded, on],
        ] as const)) {
      const began = performance.now();
      await ask(server, i);
      if (i >= WARM_UP) times.push(performance.now() - began);
    }
  }
  const [a, b] = [median(on), median(off)];
  console.log(`${name.padEnd(9)} guarded ${a.toFixed(2)} ms, not ${b.toFixed(2)} ms, ratio ${(a / b).toFixed(2)}`);
}
for (const { app, drop } of [guarded, unguarded]) {
  await app.close();
  await drop();
}
