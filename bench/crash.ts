// Is an acknowledged write lost, to the store or to a subscriber, or told twice, when servers or the database are killed?
// Two nodes on one real PostgreSQL, or (--embedded) one on an embedded database. 16 writers, each to whichever node answers;
// 8 subscribers through the graphql-ws client, which comes back by itself and resumes by its cursor.
// --kills N: a node is ended with kill -9 at random, N times, and started again. --stop-postgres N: the database is stopped as
// `pg_ctl stop -m immediate` does, N times, for up to two seconds, while the nodes go on. After each stop of the database, and at the
// end, every acknowledged memory must be there and the promises of docs/ARCHITECTURE.md must hold (support/invariants.ts). At
// the end every subscriber must have been told every acknowledged memory once, all of them in one order.
// --minutes N: that is all the time it has; it judges what was done by then.
// Run: npm run build && npx tsx bench/crash.ts [--kills 100] [--embedded] [--stop-postgres 20] [--minutes 600]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../scripts/real-postgres.js';
import { openDatabase } from '../src/store/client.js';
import { freePort, spread, startBuilt, type BuiltServer } from './server.js';
import { findBreaches, findLost, type Query } from './support/invariants.js';
import { judge, startLoad, type Load } from './support/load.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '0' },
    'stop-postgres': { type: 'string', default: '0' },
    embedded: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '600' },
  },
});
const stops = Number(values['stop-postgres']);
const kills = Number(values.kills) || (stops > 0 ? 0 : 100);
const isEmbedded = values.embedded;
if (isEmbedded && stops > 0) throw new Error('--stop-postgres: an embedded database ends with its server');
const WRITERS = 16;
const SUBSCRIBERS = 8;
const SETTLE_MS = 120_000;

const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-crash-'));
const postgres = isEmbedded ? undefined : await startPostgres();
const problems: string[] = [];
const restarts: number[] = [];
const startedAt = performance.now();
const seconds = (): number => Math.round((performance.now() - startedAt) / 1_000);

let [killed, stopped] = [0, 0];
const hasTime = (): boolean => seconds() < Number(values.minutes) * 60;

const start = (port: number): Promise<BuiltServer> =>
  startBuilt(folder, {
    PORT: String(port),
    PALIMPSEST_PRO_RATE: '0',
    ...(postgres ? { DATABASE_URL: postgres.url } : {}),
  });

/** Looks at the tables past the servers; an embedded database must have none then. */
async function inspect(acknowledged: Iterable<string>): Promise<void> {
  const ids = [...acknowledged];
  const look = async (query: Query): Promise<void> => {
    problems.push(...(await findBreaches(query)));
    problems.push(...(await findLost(query, ids)).map((id) => `acknowledged and not there: ${id}`));
  };
  if (postgres) {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    // One snapshot: what is written meanwhile is not seen by one question and missed by the next.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await look(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
    await client.end();
  } else {
    const database = await openDatabase({ kind: 'embedded', dataDir: folder }, { otherwise: 'SYSTEM' });
    await look((sql) => database.db.$queryRawUnsafe(sql)).finally(() => database.close());
  }
}

/** Waits until something more is written: an end that meets nobody at work would prove nothing. */
async function goesOn({ acknowledged }: Load, after: string): Promise<void> {
  const { size } = acknowledged;
  const deadline = performance.now() + SETTLE_MS;
  while (acknowledged.size === size && performance.now() < deadline) await pause(20);
  if (acknowledged.size === size) throw new Error(`nothing was written after ${after}`);
}

async function killAtRandom(nodes: BuiltServer[], load: Load): Promise<void> {
  for (let kill = 1; kill <= kills && hasTime(); kill++) {
    await goesOn(load, 'a node was killed');
    await pause(100 + Math.random() * 900);
    const i = Math.floor(Math.random() * nodes.length);
    const node = nodes[i];
    if (!node) throw new Error('there is no node');
    await node.end('SIGKILL');
    const fresh = (nodes[i] = await start(Number(new URL(node.url).port)));
    restarts.push(fresh.readyAfterMs);
    killed = kill;
    if (kill % 10 === 0) report(`${kill} kills`, load);
  }
}

async function stopDatabase(load: Load): Promise<void> {
  for (let stop = 1; stop <= stops && hasTime(); stop++) {
    await pause(1_000 + Math.random() * 1_000);
    const before = new Set(load.acknowledged);
    await postgres?.crash(Math.random() * 2);
    await inspect(before);
    await goesOn(load, 'the database came back');
    stopped = stop;
    report(`${stop} stops`, load);
  }
}

const report = (what: string, { acknowledged, told }: Load): void =>
  console.log(
    `${seconds()} s: ${what}, ${acknowledged.size} acknowledged, told ${told.map((one) => one.length).join(' ')}, ${problems.length} problems`,
  );

const nodes: BuiltServer[] = [];
let load: Load | undefined;
try {
  for (let i = 0; i < (isEmbedded ? 1 : 2); i++) nodes.push(await start(await freePort()));
  const key = nodes.map((node) => node.key).find((one) => one !== undefined) ?? '';
  load = startLoad({ urls: nodes.map(({ url }) => url), key, writers: WRITERS, subscribers: SUBSCRIBERS });
  await killAtRandom(nodes, load);
  await stopDatabase(load);
  await load.stopWriting();
  const deadline = performance.now() + SETTLE_MS;
  while (judge(load).lost > 0 && performance.now() < deadline) await pause(100);
  load.stopFollowing();
  problems.push(
    ...nodes.flatMap((node) =>
      node
        .output()
        .split('\n')
        .filter((line) => line.includes('"level":50')),
    ),
  );
  await Promise.all(nodes.map((node) => node.end('SIGKILL')));
  await inspect(load.acknowledged);
} finally {
  load?.stopFollowing();
  await Promise.all(nodes.map((node) => node.end('SIGKILL').catch(() => undefined)));
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
}

const { acknowledged, told, failures, strange, interruptions } = load;
const { lost, duplicated, orders } = judge(load);
const deliveries = told.reduce((sum, one) => sum + one.length, 0);
const listed = (counts: Map<string, number>): string =>
  [...counts].map(([what, n]) => `${n} x ${what}`).join(', ') || 'none';
console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
console.log(
  `${isEmbedded ? 'embedded' : 'two nodes on PostgreSQL'}: ${killed} kills and ${stopped} stops of the database in ${seconds()} s, ` +
    `${acknowledged.size} writes acknowledged, ${deliveries} deliveries to ${SUBSCRIBERS} subscribers: ` +
    `lost ${lost}, duplicated ${duplicated}, orders ${orders}, problems ${problems.length}`,
);
console.log(`writes without success: ${listed(failures)}; strange ones: ${listed(strange)}`);
console.log(`subscribers that had to ask again themselves: ${interruptions.length}`);
for (const what of new Set(interruptions)) console.log(`  ${what}`);
if (restarts.length > 0) console.log(`from kill -9 to /ready: ${spread(restarts)}`);
for (const problem of new Set(problems)) console.log(`  PROBLEM ${problem}`);
const isWell = lost + duplicated + problems.length + strange.size === 0 && orders === 1 && acknowledged.size > 0;
if (!isWell) process.exitCode = 1;
