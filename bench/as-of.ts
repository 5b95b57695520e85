// How long does a list of 100 memories as of a cell of time take among 100,000, and does its plan use an index?
// Run: npx tsx bench/as-of.ts [rounds]
import os from 'node:os';
import { toSql } from 'pgvector';
import pino from 'pino';
import { createApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { authenticate } from '../src/core/authenticate.js';
import type { Caller } from '../src/core/deps.js';
import { listMemories } from '../src/core/list-memories.js';
import { Prisma } from '../src/generated/prisma/client.js';
import { listMemoryIds } from '../src/store/listing.js';
import type { Db } from '../src/store/client.js';
import type { AsOf } from '../src/store/visibility.js';

const MEMORIES = 100_000;
const STEP_MINUTES = 50; // 100,000 of them are nine and a half years
const rounds = Number(process.argv[2] ?? 200);
const END = Date.UTC(2026, 10, 1);
const START = END - MEMORIES * STEP_MINUTES * 60_000;

const app = await createApp(readConfig({ PALIMPSEST_DATA_DIR: 'memory://', PORT: '0' }), pino({ level: 'silent' }), {
  otherwise: 'SYSTEM',
});
const { id: accountId } = await createAccount(app.deps, { name: 'bench', plan: 'pro' });
const { key } = await createApiKey(app.deps, { name: 'bench', accountId });
const caller = await authenticate(app.deps, `Bearer ${key}`);

const began = performance.now();
await fill(app, caller);
console.log(
  `Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}, embedded, in memory`,
);
console.log(`filled with ${await describeRows()} in ${((performance.now() - began) / 1000).toFixed(0)} s`);

/** Instants spread over the years in which something is known. */
const instants = Array.from(
  { length: rounds },
  (_, i) => new Date(START + ((END - START) * (1 + ((i * 37) % 97))) / 100),
);
const CELLS: readonly [name: string, cellOf: (instant: Date) => AsOf][] = [
  ['now', () => ({})],
  ['valid', (valid) => ({ valid })],
  ['known', (known) => ({ known })],
  ['both', (instant) => ({ valid: new Date(instant.getTime() - 30 * 86_400_000), known: instant })],
  ['both, long ago known', (valid) => ({ valid, known: new Date(START + 30 * 86_400_000) })],
];
for (const [name, cellOf] of CELLS) {
  const core = await measure((instant) => listMemories(app.deps, caller, { asOf: cellOf(instant), limit: 100 }));
  const rest = await measure((instant) => getList(cellOf(instant)));
  console.log(`${name.padEnd(22)} core ${core}   REST ${rest}`);
  console.log(`${' '.repeat(22)} ${await planOf(cellOf(instants[Math.floor(rounds / 2)] ?? new Date(START)))}`);
}
await app.close();

async function measure(work: (instant: Date) => Promise<unknown>): Promise<string> {
  for (const instant of instants.slice(0, 20)) await work(instant);
  const times: number[] = [];
  for (const instant of instants) {
    const from = performance.now();
    await work(instant);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? NaN).toFixed(1);
  return `p50 ${at(0.5)}  p95 ${at(0.95)} ms`;
}

async function getList({ valid, known }: AsOf): Promise<unknown> {
  const query = new URLSearchParams({ limit: '100' });
  if (valid) query.set('as_of', valid.toISOString());
  if (known) query.set('transaction_as_of', known.toISOString());
  const headers = { authorization: `Bearer ${key}` };
  const response = await app.fetch(new Request(`http://palimpsest/agent/memories?${query.toString()}`, { headers }));
  return response.json();
}

/** How PostgreSQL finds the rows: the lines of the plan that scan, and the time it says. */
async function planOf(asOf: AsOf): Promise<string> {
  const lines: string[] = [];
  const explaining = {
    $queryRaw: async (strings: readonly string[], ...values: unknown[]) => {
      const sql = Prisma.sql(strings, ...values);
      const rows = await app.deps.db.$queryRaw<Record<'QUERY PLAN', string>[]>(
        Prisma.sql`EXPLAIN (ANALYZE, COSTS OFF) ${sql}`,
      );
      lines.push(...rows.map((row) => row['QUERY PLAN'].trim()));
      return [];
    },
  } as unknown as Db;
  await listMemoryIds(
    explaining,
    { accountId, tenantId: '' },
    {},
    { asOf, state: 'CURRENT', now: new Date(END) },
    { limit: 101 },
  );
  return lines
    .filter((line) => /Scan|Execution Time|Rows Removed|Sort/.test(line))
    .map((line) => line.replace('->', '').trim())
    .join('; ');
}

async function describeRows(): Promise<string> {
  const [counts] = await app.deps.db.$queryRaw<{ all: bigint; closed: bigint; chains: bigint; beliefs: bigint }[]>`
    SELECT count(*) AS all, count(known_to) AS closed, count(DISTINCT chain_id) AS chains,
      (SELECT count(*) FROM memory_beliefs) AS beliefs FROM memories`;
  if (!counts) return 'nothing';
  return `${counts.all} memories in ${counts.chains} chains, ${counts.closed} of them superseded, ${counts.beliefs} older beliefs`;
}

/**
 * The rows that 100,000 writes would leave (without their events): one write each 50 minutes; the first 20,000 facts change
 * after 40,000 writes and again after 80,000. A fact began up to 200 days before it was heard of.
 */
async function fill({ deps }: App, { accountId: account, apiKeyId }: Caller): Promise<void> {
  const { db, embedder } = deps;
  const texts = Array.from({ length: 100 }, (_, i) => `Person ${i} works on project ${i * 7} in room ${i * 13}.`);
  const vectors = (await embedder.embed(texts)).map((vector) => toSql([...vector]) as string);
  const id = (n: Prisma.Sql): Prisma.Sql => Prisma.sql`md5('memory ' || ${n})::uuid`;
  const written = (n: Prisma.Sql): Prisma.Sql =>
    Prisma.sql`(${new Date(START)}::timestamptz + (${n}) * make_interval(mins => ${STEP_MINUTES}))`;
  const valid = (n: Prisma.Sql): Prisma.Sql => Prisma.sql`(${written(n)} - ((${n}) * 7919 % 200) * interval '1 day')`;
  const n = Prisma.sql`n`;
  const next = Prisma.sql`(n + 40000)`;
  const isReplaced = Prisma.sql`(n <= 20000 OR n BETWEEN 40001 AND 60000)`;
  const first = Prisma.sql`(CASE WHEN n BETWEEN 40001 AND 60000 THEN n - 40000 WHEN n > 80000 THEN n - 80000 ELSE n END)`;
  const BATCH = 10_000;
  for (let from = 0; from < MEMORIES; from += BATCH) {
    const series = Prisma.sql`generate_series(${from + 1}::int, ${from + BATCH}::int) AS n`;
    await db.$transaction([
      db.$executeRaw`
        INSERT INTO chains (account_id, id, tenant_id, created_at)
        SELECT ${account}::uuid, md5('chain ' || n)::uuid, '', ${written(n)} FROM ${series} WHERE ${first} = n`,
      db.$executeRaw`
        INSERT INTO captures (account_id, id, tenant_id, api_key_id, source, channel, captured_at)
        SELECT ${account}::uuid, md5('capture ' || n)::uuid, '', ${apiKeyId}::uuid, 'agent', 'agent', ${written(n)} FROM ${series}`,
    ]);
    // All at once: successors are looked for when the transaction ends.
  }
  await db.$transaction(
    async (tx) => {
      for (let from = 0; from < MEMORIES; from += BATCH) {
        await tx.$executeRaw`
          INSERT INTO memories (account_id, id, chain_id, capture_id, tenant_id, text, topic, importance, source, channel,
            created_seq, valid_from, valid_to, known_from, known_to, superseded_by_id, believed_from, embedding_model, embedding)
          SELECT ${account}::uuid, ${id(n)}, md5('chain ' || ${first})::uuid, md5('capture ' || n)::uuid, '',
            (${texts}::text[])[n % 100 + 1] || ' Note ' || n, 'Work', 5, 'agent', 'agent', n, ${valid(n)},
            CASE WHEN ${isReplaced} THEN ${valid(next)} END, ${written(n)}, CASE WHEN ${isReplaced} THEN ${written(next)} END,
            CASE WHEN ${isReplaced} THEN ${id(next)} END, CASE WHEN ${isReplaced} THEN ${written(next)} ELSE ${written(n)} END,
            ${embedder.id}, (${vectors}::text[])[n % 100 + 1]::vector
          FROM generate_series(${from + 1}::int, ${from + BATCH}::int) AS n`;
      }
      await tx.$executeRaw`
        INSERT INTO memory_beliefs (account_id, memory_id, known_from, known_to)
        SELECT ${account}::uuid, ${id(n)}, ${written(n)}, ${written(next)} FROM generate_series(1, ${MEMORIES}::int) AS n WHERE ${isReplaced}`;
      await tx.$executeRaw`UPDATE accounts SET last_seq = ${MEMORIES}::int WHERE id = ${account}::uuid`;
    },
    { timeout: 600_000 },
  );
  await db.$executeRaw`ANALYZE`;
}
