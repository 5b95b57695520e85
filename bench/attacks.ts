// What do others notice while somebody attacks the server without a pause? Sends the rows of test/attacks in a loop, while well-behaved
// clients of another account list over GraphQL, ask and write over REST at a steady rate.
// Measured is what the SERVER spends on attacks: the attacker is a process of its own at the lowest priority, and what clients notice is
// compared with a time in which an equally busy process, at the same priority, spins without attacking. Both figures are printed, and
// that of a machine which does nothing else. Each attack was sent once before the clock starts, so that code is warm on both sides.
// Run: npm run build, then npx tsx bench/attacks.ts [seconds] [name of a group]
// Or:  npx tsx bench/attacks.ts rows [name of a group]: how long each attack keeps the event loop, and the database, to itself.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { send, type Sent, type Target } from '../test/support/target.js';
import { startBuilt, type BuiltServer } from './server.js';
import { GROUPS, rowsOf, startProcess } from './support/attacker.js';

const MEMORIES = 500;
/** Requests of the well-behaved, a second; each of the three kinds in its turn. */
const RATE = 6;
const CLI = path.join(import.meta.dirname, '../dist/cli.js');
const PROBE = pathToFileURL(path.join(import.meta.dirname, 'support/loop-probe.js')).href;

const KINDS: readonly [name: string, sent: (n: number) => Sent][] = [
  [
    'GraphQL list',
    () => ({ path: '/graphql', body: { query: '{ memories(first: 20) { nodes { id text state } } }' } }),
  ],
  ['REST query', (n) => ({ path: '/agent/query', body: { question: `Who likes tea ${n % 50}?` } })],
  [
    'REST write',
    (n) => ({ path: '/agent/memories', body: { content: `Guest ${n} likes tea ${n}.`, tenant_id: 'written' } }),
  ],
];

type Times = Map<string, number[]>;

/** Milliseconds that the requests of each kind took, sent at their rate whether those before were answered or not. */
async function measure(target: Target, seconds: number): Promise<Times> {
  const times: Times = new Map(KINDS.map(([name]) => [name, [] as number[]]));
  const running: Promise<void>[] = [];
  const begin = performance.now();
  for (let n = 0; n < seconds * RATE; n++) {
    await pause(Math.max(0, begin + (1_000 * n) / RATE - performance.now()));
    const [name, sent] = KINDS[n % KINDS.length] ?? KINDS[0] ?? [];
    if (name === undefined || !sent) continue;
    const startedAt = performance.now();
    running.push(
      send(target, sent(n)).then(({ status, text }) => {
        if (status !== 200) throw new Error(`${name}: ${status} ${text.slice(0, 200)}`);
        times.get(name)?.push(performance.now() - startedAt);
      }),
    );
  }
  await Promise.all(running);
  return times;
}

const at = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? NaN;

interface Busy {
  busyMs: number;
  longestMs: number;
}

/** What the probe in the server has seen since it was last asked. */
async function probe(server: BuiltServer): Promise<{ main: Busy; database: Busy }> {
  const seen = server.output().length;
  process.kill(server.pid, 'SIGUSR2');
  for (;;) {
    const told = /\nprobe (\{.*\})\n/.exec(server.output().slice(seen))?.[1];
    if (told !== undefined) return JSON.parse(told) as { main: Busy; database: Busy };
    await pause(5);
  }
}

async function compare(client: Target, attacker: Target, groups: readonly string[], seconds: number): Promise<void> {
  const quiet = await measure(client, seconds);
  const stop = await startProcess({ kind: 'attack', target: attacker, groups });
  const attacked = await measure(client, seconds);
  const { sent, held, share } = await stop();
  const still = await startProcess({ kind: 'spin', share });
  const spun = await measure(client, seconds);
  const { share: spent } = await still();
  console.log(
    `attacks: ${groups.join(', ')}: ${sent} sent meanwhile, ${held} held; the attacker took ${share.toFixed(2)} of a core, who spun ${spent.toFixed(2)}`,
  );
  for (const [name, values] of attacked) {
    const figures = [0.5, 0.99].map((of) => {
      const [alone, beside, now] = [quiet, spun, values].map((one) =>
        at(Array.isArray(one) ? one : (one.get(name) ?? []), of),
      ) as [number, number, number];
      return `p${of * 100} ${alone.toFixed(0)} alone, ${beside.toFixed(0)} beside who spins, ${now.toFixed(0)} attacked (${(now / beside).toFixed(1)}x, ${(now / alone).toFixed(1)}x of alone)`;
    });
    console.log(`${name.padEnd(14)} ${figures.join('; ')}`);
  }
}

/** Each row by itself. Its times are those of all that it sends. */
async function lookAtRows(server: BuiltServer, attacker: Target, groups: readonly string[]): Promise<void> {
  const lines: [longest: number, line: string][] = [];
  for (const { name, expected, run } of rowsOf(groups)) {
    await run(attacker).catch(String); // warm
    await pause(100);
    await probe(server);
    const startedAt = performance.now();
    const outcome = await run(attacker).catch(String);
    const ms = performance.now() - startedAt;
    await pause(50);
    const { main, database } = await probe(server);
    const figures = [main, database].map(
      (one) => `${one.busyMs.toFixed(0).padStart(6)} ${one.longestMs.toFixed(0).padStart(5)}`,
    );
    const line = `${ms.toFixed(0).padStart(6)}  ${figures.join('  ')}  ${name}${outcome === expected ? '' : ` NOT HELD: ${outcome.slice(0, 200)}`}`;
    lines.push([Math.max(main.longestMs, database.longestMs), line]);
  }
  console.log('  wall    main, at once    database, at once (ms)');
  lines.sort(([a], [b]) => b - a).forEach(([, line]) => console.log(line));
}

const [, , first = '30', group] = process.argv;
const groups = group === undefined ? Object.keys(GROUPS) : [group];
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-attacks-'));
const dataDir = path.join(folder, 'data');
// Without a limit on requests, which would end most attacks after their first seconds.
const server = await startBuilt(dataDir, {
  PALIMPSEST_PRO_RATE: '0',
  PALIMPSEST_HEADERS_TIMEOUT_MS: '1000',
  PALIMPSEST_BODY_TIMEOUT_MS: '1000',
  NODE_OPTIONS: `--import ${PROBE}`,
});
try {
  const operator = (...args: string[]): string =>
    execFileSync(process.execPath, [CLI, ...args], {
      env: { PATH: process.env['PATH'], PALIMPSEST_DATA_DIR: dataDir },
    }).toString();
  const account = /[\da-f-]{36}/.exec(operator('accounts', 'create', '--name', 'attacker'))?.[0] ?? '';
  const stranger = /aurra_\w+/.exec(operator('keys', 'create', '--account', account, '--name', 'attacker'))?.[0] ?? '';
  const client = { url: server.url, key: server.key ?? '' };
  const attacker = { url: server.url, key: stranger };
  for (let n = 0; n < MEMORIES; n++) {
    await send(client, {
      path: '/agent/memories',
      body: { content: `Person ${n} likes tea ${n}.`, auto_supersede: false },
    });
  }
  await measure(client, 5); // warm
  const [load = 0] = os.loadavg();
  console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${load.toFixed(1)}`);
  if (first === 'rows') await lookAtRows(server, attacker, groups);
  else await compare(client, attacker, groups, Number(first));
} finally {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
