// How long after a commit does a subscriber hear of it: on the node that wrote, and on another node?
// Writes one after the other over REST, each given a moment of its own; the subscribers are bare sockets in this process.
// A write's time of commit is not seen from outside, so two figures enclose the delay: from the reply to the write (which
// leaves after the commit) to the subscriber's frame, where a frame that came before the reply counts as 0; and from sending
// the write, which holds the write as well.
// Run: npm run build && node scripts/real-postgres.js run npx tsx bench/latency.ts [writes]; without the server: one embedded node
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startBuilt } from './server.js';
import { subscribe } from './sockets.js';

const writes = Number(process.argv[2] ?? 300);
const QUERY = `subscription { memoryEvents(kinds: [CREATED]) { __typename ... on FeedOpened { cursor }
  ... on MemoryEvent { cursor memory { text } } } }`;

const database = process.env['TEST_DATABASE_URL'];
const folder = await mkdtemp(path.join(os.tmpdir(), 'palimpsest-latency-'));
const env: Record<string, string> = database === undefined ? {} : { DATABASE_URL: database };
const nodes = [await startBuilt(folder, env)];
if (database !== undefined) nodes.push(await startBuilt(folder, env));
const key = nodes[0]?.key ?? '';

interface Heard {
  sentAt: number;
  repliedAt: number;
  /** When each node's subscriber was told. */
  at: number[];
}
const heard = new Map<string, Heard>();

/** p50, p95 and p99 in milliseconds. */
function quantiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)} ms`;
}

try {
  for (const [i, { url }] of nodes.entries()) {
    await subscribe(url, key, QUERY, (frame, at) => {
      const note = heard.get(/note \d+/.exec(frame)?.[0] ?? '');
      if (note) note.at[i] = at;
    });
  }
  for (let n = 1; n <= writes; n++) {
    const note: Heard = { sentAt: performance.now(), repliedAt: 0, at: [] };
    heard.set(`note ${n}`, note);
    const response = await fetch(`${nodes[0]?.url ?? ''}/agent/memories`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ content: `This is note ${n}`, auto_supersede: false }),
    });
    note.repliedAt = performance.now();
    if (!response.ok) throw new Error(`answered ${response.status}`);
    await response.arrayBuffer();
    const deadline = performance.now() + 10_000;
    while (note.at.filter(Boolean).length < nodes.length) {
      if (performance.now() > deadline) throw new Error(`note ${n} was not told`);
      await pause(1);
    }
  }
  const notes = [...heard.values()].slice(Math.min(20, writes / 10)); // the first ones warm up
  for (const i of nodes.keys()) {
    const where = i === 0 ? 'on the node that wrote' : 'on another node';
    const after = (from: 'sentAt' | 'repliedAt') => notes.map((note) => Math.max(0, (note.at[i] ?? NaN) - note[from]));
    console.log(
      `${where}: after the reply ${quantiles(after('repliedAt'))}; after the request ${quantiles(after('sentAt'))}`,
    );
  }
  console.log(`the write itself: ${quantiles(notes.map(({ sentAt, repliedAt }) => repliedAt - sentAt))}`);
} finally {
  for (const node of nodes) await node.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}
console.log(
  `${database === undefined ? 'embedded' : 'two nodes on PostgreSQL'}; Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}`,
);
process.exit();
