// Is an acknowledged write lost to a subscriber, or told twice, when servers are killed?
// Two nodes on one real PostgreSQL (scripts/real-postgres.js), or one on an embedded database. 16 writers, each to whichever
// node answers; 8 subscribers through the graphql-ws client, which comes back by itself and resumes by its cursor. A node
// is killed with kill -9 at random, and started again. In the end every acknowledged memory must have reached every
// subscriber once, and all of them must have been told the same in one order.
// Run: npm run build && node scripts/real-postgres.js run npx tsx bench/crash.ts [kills]; or npx tsx bench/crash.ts [kills] embedded
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { freePort, startBuilt, type BuiltServer } from './server.js';

const WRITERS = 16;
const SUBSCRIBERS = 8;
const SETTLE_MS = 60_000;
const kills = Number(process.argv[2] ?? 100);
const isEmbedded = process.argv[3] === 'embedded';
const QUERY = `subscription ($after: Cursor) { memoryEvents(after: $after, kinds: [CREATED]) {
  ... on MemoryEvent { cursor memory { id } } } }`;

interface Node {
  url: string;
  server: BuiltServer;
}

interface Told {
  cursor: string;
  id: string;
}

const isOver = new AbortController();

/** Writes to one node after another until the end; adds what was acknowledged. */
async function write(nodes: readonly Node[], key: string, writer: number, acknowledged: Set<string>): Promise<void> {
  for (let i = 0; !isOver.signal.aborted; i++) {
    const { url } = nodes[(writer + i) % nodes.length] ?? { url: '' };
    try {
      const response = await fetch(`${url}/agent/memories`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: `Writer ${writer} made note ${i} at ${Date.now()}`, auto_supersede: false }),
        signal: AbortSignal.timeout(20_000),
      });
      const { memory_id: id } = (await response.json()) as { memory_id?: string };
      if (response.status === 200 && id !== undefined) acknowledged.add(id);
    } catch {
      await pause(50); // not acknowledged: the node is gone
    }
  }
}

/** Follows from the beginning, on whichever node there is, for as long as the run lasts. */
function follow(nodes: readonly Node[], key: string, n: number, told: Told[]): () => unknown {
  let turn = n;
  const client = createClient({
    url: () => `${(nodes[turn++ % nodes.length]?.url ?? '').replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${key}` },
    retryAttempts: Infinity,
    retryWait: () => pause(50 + Math.random() * 100),
    shouldRetry: () => true,
  });
  const variables = { after: '0' };
  client.subscribe<{ memoryEvents: { cursor?: string; memory: { id: string } } }>(
    { query: QUERY, variables },
    {
      next: ({ data, errors }) => {
        if (errors) throw new Error(`a subscriber was told: ${JSON.stringify(errors)}`);
        const { cursor, memory } = data?.memoryEvents ?? {};
        if (cursor === undefined || !memory) return;
        variables.after = cursor;
        told.push({ cursor, id: memory.id });
      },
      error: (error) => {
        if (!isOver.signal.aborted) throw new Error('a subscriber gave up', { cause: error });
      },
      complete: () => undefined,
    },
  );
  return () => client.dispose();
}

interface Verdict {
  lost: number;
  duplicated: number;
  orders: number;
}

function judge(acknowledged: ReadonlySet<string>, told: readonly Told[][]): Verdict {
  let [lost, duplicated] = [0, 0];
  for (const one of told) {
    const ids = new Set(one.map(({ id }) => id));
    duplicated += one.length - ids.size;
    lost += [...acknowledged].filter((id) => !ids.has(id)).length;
  }
  const length = Math.min(...told.map((one) => one.length));
  const orders = new Set(told.map((one) => JSON.stringify(one.slice(0, length)))).size;
  const rising = told.every((one) =>
    one.every(({ cursor }, i) => i === 0 || BigInt(cursor) > BigInt(one[i - 1]?.cursor ?? 0)),
  );
  return { lost, duplicated, orders: rising ? orders : Infinity };
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-crash-'));
const database = process.env['TEST_DATABASE_URL'];
if (!isEmbedded && database === undefined)
  throw new Error('Run it by scripts/real-postgres.js run, or say "embedded".');
const start = (port: number): Promise<BuiltServer> =>
  startBuilt(folder, { PORT: String(port), ...(isEmbedded ? {} : { DATABASE_URL: database ?? '' }) });

const nodes: Node[] = [];
let key = '';
for (let i = 0; i < (isEmbedded ? 1 : 2); i++) {
  const server = await start(await freePort());
  nodes.push({ url: server.url, server });
  key = server.key ?? key;
}
const acknowledged = new Set<string>();
const told: Told[][] = Array.from({ length: SUBSCRIBERS }, () => []);
const stops = told.map((one, n) => follow(nodes, key, n, one));
const writing = Promise.all(Array.from({ length: WRITERS }, (_, n) => write(nodes, key, n, acknowledged)));
const startedAt = performance.now();
try {
  for (let kill = 1; kill <= kills; kill++) {
    await pause(100 + Math.random() * 900);
    const node = nodes[Math.floor(Math.random() * nodes.length)];
    if (!node) throw new Error('there is no node');
    await node.server.end('SIGKILL');
    node.server = await start(Number(new URL(node.url).port));
    if (kill % 10 === 0)
      console.log(`${kill} kills: ${acknowledged.size} acknowledged, told ${told.map((one) => one.length).join(' ')}`);
  }
  isOver.abort();
  await writing;
  const deadline = performance.now() + SETTLE_MS;
  while (judge(acknowledged, told).lost > 0 && performance.now() < deadline) await pause(100);
} finally {
  isOver.abort();
  for (const stop of stops) stop();
  await Promise.all(nodes.map(({ server }) => server.end('SIGKILL')));
  await rm(folder, { recursive: true, force: true });
}
const verdict = judge(acknowledged, told);
const deliveries = told.reduce((sum, one) => sum + one.length, 0);
console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
console.log(
  `${isEmbedded ? 'embedded' : 'two nodes on PostgreSQL'}: ${kills} kills in ${Math.round((performance.now() - startedAt) / 1_000)} s, ` +
    `${acknowledged.size} writes acknowledged, ${deliveries} deliveries to ${SUBSCRIBERS} subscribers, ` +
    `lost ${verdict.lost}, duplicated ${verdict.duplicated}, orders ${verdict.orders}`,
);
if (verdict.lost > 0 || verdict.duplicated > 0 || verdict.orders !== 1 || acknowledged.size === 0) process.exitCode = 1;
