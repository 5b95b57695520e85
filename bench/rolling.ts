// Does anybody notice that servers are restarted one after the other?
// Two nodes on one real PostgreSQL behind a balancer that asks /ready. Writers (16) that never try anything twice, and 8 subscribers
// through the graphql-ws client. A node is told to stop (SIGTERM), started anew when it is gone, then the other; again and again.
// Every write must succeed, and every subscriber must be told each of them once, in one order.
// Run: npm run build && npx tsx bench/rolling.ts [rounds] [writers] [drain in ms]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../scripts/real-postgres.js';
import { freePort, spread, startBuilt, type BuiltServer } from './server.js';
import { startBalancer, type Balancer } from './support/balancer.js';
import { judge, startLoad, type Load } from './support/load.js';

const rounds = Number(process.argv[2] ?? 5);
const writers = Number(process.argv[3] ?? 16);
/** Longer than a connection lives that nobody uses (5 s): cut while its client begins to send, it would fail that request. */
const drainMs = Number(process.argv[4] ?? 6_000);
const SETTLE_MS = 60_000;

const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-rolling-'));
const postgres = await startPostgres();
const start = (port: number): Promise<BuiltServer> =>
  startBuilt(folder, {
    PORT: String(port),
    DATABASE_URL: postgres.url,
    PALIMPSEST_PRO_RATE: '0',
    PALIMPSEST_DRAIN_MS: String(drainMs),
  });

const nodes: BuiltServer[] = [];
const stops: number[] = [];
let balancer: Balancer | undefined;
let load: Load | undefined;
try {
  for (let i = 0; i < 2; i++) nodes.push(await start(await freePort()));
  const key = nodes.map((node) => node.key).find((one) => one !== undefined) ?? '';
  balancer = await startBalancer(nodes.map(({ url }) => url));
  load = startLoad({ urls: [balancer.url], key, writers, subscribers: 8 });
  for (let round = 1; round <= rounds; round++) {
    for (const [i, node] of nodes.entries()) {
      await pause(1_000);
      const began = performance.now();
      await node.end('SIGTERM');
      stops.push(performance.now() - began);
      nodes[i] = await start(Number(new URL(node.url).port));
    }
    console.log(
      `round ${round}: ${load.acknowledged.size} writes, ${[...load.failures.values()].length} kinds of failures`,
    );
  }
  await load.stopWriting();
  const deadline = performance.now() + SETTLE_MS;
  while (judge(load).lost > 0 && performance.now() < deadline) await pause(100);
} finally {
  load?.stopFollowing();
  balancer?.close();
  await Promise.all(nodes.map((node) => node.end('SIGKILL').catch(() => undefined)));
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

const { acknowledged, failures, interruptions, resumedAfterMs } = load;
const { lost, duplicated, orders } = judge(load);
console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
console.log(
  `${2 * rounds} restarts, ${drainMs} ms to drain, ${writers} writers: ${acknowledged.size} writes succeeded, failed: ${[...failures].map(([what, n]) => `${n} x ${what}`).join(', ') || 'none'}; ` +
    `feeds: lost ${lost}, duplicated ${duplicated}, orders ${orders}, asked again themselves ${interruptions.length}`,
);
console.log(
  `subscribers resumed after: ${spread(resumedAfterMs)} (${resumedAfterMs.length} times); SIGTERM to exit: ${spread(stops)}`,
);
for (const what of new Set(interruptions)) console.log(`  ${what}`);
if (lost + duplicated + failures.size + interruptions.length > 0 || orders !== 1) process.exitCode = 1;
