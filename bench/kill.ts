// Does an acknowledged write survive kill -9, and is the store whole afterwards?
// 8 clients write, each superseding its own fact again and again, until the server is killed 200 to 1,500 ms after its first
// acknowledgement (so that a slow machine does not make the question empty); it is started
// again on the same folder, and everything is checked: each acknowledged memory is there, and the promises of docs/ARCHITECTURE.md hold
// of the tables (bench/support/invariants.ts).
// Run: npm run build && npx tsx bench/kill.ts [rounds]
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../src/store/client.js';
import { spread, startBuilt, type BuiltServer } from './server.js';
import { findBreaches, findLost, type Query } from './support/invariants.js';

const CLIENTS = 8;
const rounds = Number(process.argv[2] ?? 20);

interface Damage {
  lost: number;
  problems: string[];
}

/** Writes until the server is gone; adds the ids of the memories that it acknowledged. */
async function write(
  { url }: BuiltServer,
  key: string,
  client: number,
  acknowledged: string[],
  isOver: () => boolean,
): Promise<void> {
  for (let i = 0; !isOver(); i++) {
    try {
      const response = await fetch(`${url}/agent/memories`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: `The deployment limit of team ${client} is ${Date.now() + i} requests` }),
      });
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
      const { memory_id: id } = (await response.json()) as { memory_id?: string };
      if (id === undefined) throw new Error('acknowledged without an id');
      acknowledged.push(id);
    } catch (error) {
      if (isOver()) break; // the connection broke: not acknowledged
      throw error;
    }
  }
}

/** Looks at the folder itself, with no server on it, past the guard between accounts. */
async function inspect(dataDir: string, acknowledged: readonly string[]): Promise<Damage> {
  const database = await openDatabase({ kind: 'embedded', dataDir }, { otherwise: 'SYSTEM' });
  const query: Query = (sql) => database.db.$queryRawUnsafe(sql);
  try {
    return { lost: (await findLost(query, acknowledged)).length, problems: await findBreaches(query) };
  } finally {
    await database.close();
  }
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-kill-'));
const acknowledged: string[] = [];
const restarts: number[] = [];
const problems: string[] = [];
let lost = 0;
let key: string | undefined;

try {
  for (let round = 1; round <= rounds; round++) {
    const server = await startBuilt(folder);
    if (server.key === undefined) restarts.push(server.readyAfterMs);
    else key = server.key;
    if (key === undefined) throw new Error('the first start showed no key');
    let isKilled = false;
    const isOver = (): boolean => isKilled;
    const apiKey = key;
    const fresh: string[] = [];
    const writing = Promise.all(
      Array.from({ length: CLIENTS }, (_, client) => write(server, apiKey, client, fresh, isOver)),
    );
    const failed = writing.then(() => Promise.reject(new Error('the clients stopped by themselves')));
    failed.catch(() => undefined);
    while (fresh.length === 0) await Promise.race([pause(5), failed]);
    const liveMs = 200 + Math.random() * 1_300;
    await pause(liveMs);
    isKilled = true;
    await server.end('SIGKILL');
    await writing;
    acknowledged.push(...fresh);
    const damage = await inspect(folder, acknowledged);
    lost = Math.max(lost, damage.lost);
    problems.push(...damage.problems);
    console.log(
      `round ${round}: killed after ${Math.round(liveMs)} ms, ${fresh.length} acknowledged, ${damage.lost} lost, ` +
        `${damage.problems.length} problems`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

console.log(`Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`);
console.log(`acknowledged ${acknowledged.length}, lost ${lost}, problems ${problems.length}`);
console.log(`restart after kill -9 until /ready: ${spread(restarts)}`);
for (const problem of problems) console.log(`  ${problem}`);
if (lost > 0 || problems.length > 0) process.exitCode = 1;
