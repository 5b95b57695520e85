// What do others notice while somebody attacks the server without a pause? Sends the rows of test/attacks in a loop, from a process of
// its own, while well-behaved clients of another account list over GraphQL, ask and write over REST at a steady rate.
// Run: npm run build, then npx tsx bench/attacks.ts [seconds] [name of a group]
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BODIES } from '../test/attacks/rows/bodies.js';
import { DOCUMENTS } from '../test/attacks/rows/documents.js';
import { HTTP } from '../test/attacks/rows/http.js';
import { SOCKETS } from '../test/attacks/rows/sockets.js';
import { TEXTS } from '../test/attacks/rows/texts.js';
import { send, type Attack, type Sent, type Target } from '../test/support/target.js';
import { startBuilt } from './server.js';

const GROUPS: Readonly<Record<string, readonly Attack[]>> = {
  documents: DOCUMENTS,
  bodies: BODIES,
  http: HTTP,
  sockets: SOCKETS,
  texts: TEXTS,
};
const MEMORIES = 500;
/** Requests of the well-behaved, a second; each of the three kinds in its turn. */
const RATE = 6;
const CLI = path.join(import.meta.dirname, '../dist/cli.js');

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

/** In a process of its own: what attacking costs is not the clients' to feel. */
async function attack(target: Target, groups: readonly string[]): Promise<void> {
  const rows = groups.flatMap((group) => GROUPS[group] ?? []);
  let sent = 0;
  let held = 0;
  process.on('message', () => {
    process.send?.({ sent, held });
    process.exit(0);
  });
  for (;;) {
    for (const { name, expected, run } of rows) {
      const outcome = await run(target).catch((error: unknown) => String(error));
      sent += 1;
      if (outcome === expected) held += 1;
      else console.log(`  ${name}: ${outcome.slice(0, 200)}, expected ${expected.slice(0, 200)}`);
    }
  }
}

/** Milliseconds that the requests of each kind took, sent at their rate whether those before were answered or not. */
async function measure(target: Target, seconds: number): Promise<Map<string, number[]>> {
  const times = new Map(KINDS.map(([name]) => [name, [] as number[]]));
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

async function main(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 30);
  const groups = process.argv[3] === undefined ? Object.keys(GROUPS) : [process.argv[3]];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-attacks-'));
  const dataDir = path.join(folder, 'data');
  // Without a limit on requests, which would end most attacks after their first seconds.
  const server = await startBuilt(dataDir, {
    PALIMPSEST_PRO_RATE: '0',
    PALIMPSEST_HEADERS_TIMEOUT_MS: '1000',
    PALIMPSEST_BODY_TIMEOUT_MS: '1000',
  });
  const operator = (...args: string[]): string =>
    execFileSync(process.execPath, [CLI, ...args], {
      env: { PATH: process.env['PATH'], PALIMPSEST_DATA_DIR: dataDir },
    }).toString();
  const account = /[\da-f-]{36}/.exec(operator('accounts', 'create', '--name', 'attacker'))?.[0] ?? '';
  const stranger = /aurra_\w+/.exec(operator('keys', 'create', '--account', account, '--name', 'attacker'))?.[0] ?? '';
  const client = { url: server.url, key: server.key ?? '' };
  for (let n = 0; n < MEMORIES; n++) {
    await send(client, {
      path: '/agent/memories',
      body: { content: `Person ${n} likes tea ${n}.`, auto_supersede: false },
    });
  }
  await measure(client, 5); // warm
  const [load = 0] = os.loadavg();
  console.log(
    `Node ${process.version}, ${os.cpus().length} cores, load ${load.toFixed(1)}; ${RATE} requests a second, ${seconds} s each`,
  );
  const quiet = await measure(client, seconds);
  const attacker = fork(import.meta.filename, ['--attack', server.url, stranger, ...groups], {
    execArgv: process.execArgv,
  });
  await pause(1_000);
  const attacked = await measure(client, seconds);
  attacker.send('end');
  const [{ sent, held }] = (await once(attacker, 'message')) as [{ sent: number; held: number }];
  console.log(`attacks: ${groups.join(', ')}: ${sent} sent meanwhile, ${held} held`);
  for (const [name, before] of quiet) {
    const after = attacked.get(name) ?? [];
    const [p50, p99] = [0.5, 0.99].map(
      (share) =>
        `${at(before, share).toFixed(0)} -> ${at(after, share).toFixed(0)} ms (${(at(after, share) / at(before, share)).toFixed(1)}x)`,
    );
    console.log(`${name.padEnd(14)} p50 ${p50 ?? ''}  p99 ${p99 ?? ''}`);
  }
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

const [, , flag, url, key, ...groups] = process.argv;
if (flag === '--attack' && url !== undefined && key !== undefined) await attack({ url, key }, groups);
else await main();
