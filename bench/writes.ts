// How long does one write of one fact take, auto-supersession on, beside 10,000 memories, and where does the time go?
// Run: npx tsx bench/writes.ts [writes] [memories]
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { addMemories } from '../src/core/add-memories.js';
import { authenticate } from '../src/core/authenticate.js';
import type { Caller } from '../src/core/deps.js';
import { withLedger, type Ledger } from '../src/store/ledger.js';
import { LARGE } from '../src/store/nearest.js';
import { insertMemories, type NewCapture, type NewMemory } from '../src/store/memories.js';

const writes = Number(process.argv[2] ?? 200);
const memories = Number(process.argv[3] ?? 10_000);

const NAMES = ['Alice', 'Boris', 'Chen', 'Dalia', 'Emeka', 'Freya', 'Goran', 'Hana', 'Ivo', 'Jamila', 'Kofi', 'Lena'];
const VALUES: readonly [statement: string, values: readonly string[]][] = [
  ['lives in', ['Oslo', 'Lima', 'Pune', 'Graz', 'Accra', 'Quito', 'Turku', 'Perth', 'Izmir', 'Sendai']],
  ['works as a', ['welder', 'nurse', 'baker', 'pilot', 'teacher', 'plumber', 'lawyer', 'florist']],
  ['has a dog called', ['Rex', 'Bolt', 'Pixel', 'Mochi', 'Biscuit', 'Nacho']],
  ['likes to cook', ['lasagne', 'pho', 'paella', 'curry', 'ramen', 'borscht', 'tagine']],
  ['is learning', ['Finnish', 'Swahili', 'the cello', 'chess', 'pottery', 'welding']],
  ['read a book about', ['glaciers', 'tax law', 'bees', 'the Silk Road', 'typography', 'volcanoes']],
  ['meets the team every', ['Monday', 'Tuesday', 'Thursday', 'Friday']],
  ['pays for the plan', ['Basic', 'Plus', 'Family', 'Enterprise']],
];

/** The n-th fact; all of them differ. */
function fact(n: number): string {
  const [statement, values] = VALUES[n % VALUES.length] ?? ['', []];
  const name = NAMES[Math.floor(n / VALUES.length) % NAMES.length] ?? '';
  const value = values[Math.floor(n / (VALUES.length * NAMES.length)) % values.length] ?? '';
  return `${name} ${statement} ${value}, as told in talk ${n}`;
}

const statements: string[] = [];
const app = await createApp(readConfig({ PALIMPSEST_DATA_DIR: 'memory://', PORT: '0' }), pino({ level: 'silent' }), {
  otherwise: 'SYSTEM',
  onStatement: (sql) => statements.push(sql),
});
const { id: accountId } = await createAccount(app.deps, { name: 'bench', plan: 'pro' });
const { key } = await createApiKey(app.deps, { name: 'bench', accountId });
const caller = await authenticate(app.deps, `Bearer ${key}`);

const began = performance.now();
await fill(caller, memories);
console.log(
  `Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}, embedded, in memory`,
);
console.log(`${memories} memories stored in ${((performance.now() - began) / 1000).toFixed(0)} s`);

for (const autoSupersede of [true, false]) {
  await measure(`content, autoSupersede ${autoSupersede}`, 20, autoSupersede, true);
  await settle();
  await measure(`content, autoSupersede ${autoSupersede}`, writes, autoSupersede, false);
}
await app.close();

async function measure(name: string, count: number, autoSupersede: boolean, isWarmUp: boolean): Promise<void> {
  const times: number[] = [];
  const before = statements.length;
  for (let i = 0; i < count; i++) {
    const content = `${fact(i * 7 + 3)}, and again ${performance.now()}`;
    const from = performance.now();
    await addMemories(app.deps, caller, { content, autoSupersede });
    times.push(performance.now() - from);
  }
  if (isWarmUp) return;
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? NaN).toFixed(1);
  const perWrite = ((statements.length - before) / count).toFixed(1);
  console.log(`${name.padEnd(32)} p50 ${at(0.5)}  p95 ${at(0.95)} ms   ${perWrite} SQL statements a write`);
}

/** Until the vector index holds what is there, which the background sees to: what a write costs is that of a server at work. */
async function settle(): Promise<void> {
  if (memories <= LARGE) return;
  const from = performance.now();
  let waiting = Infinity;
  while (waiting > 0) {
    await pause(500);
    const [row] = await app.deps.db.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM memories WHERE NOT near_indexed AND known_to IS NULL`;
    waiting = row?.waiting ?? 0;
  }
  await app.deps.db.$executeRaw`ANALYZE`; // as a server of one's own does by itself, once many rows have changed
  console.log(`all in the vector index after ${((performance.now() - from) / 1000).toFixed(0)} s more`);
}

/** Stored as content writes would leave them, a thousand in a transaction. */
async function fill(who: Caller, count: number): Promise<void> {
  const { db, embedder, now } = app.deps;
  const BATCH = 1_000;
  for (let from = 0; from < count; from += BATCH) {
    const texts = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => fact(from + i));
    const embeddings = await embedder.embed(texts);
    await withLedger(db, who, now, async (tx, ledger) => {
      const rows = texts.map((text, i) => toRow(ledger, text, embeddings[i] ?? new Float32Array(embedder.dimensions)));
      const where = { accountId, at: ledger.at, embeddingModel: embedder.id };
      await insertMemories(tx, where, [{ capture: captureOf(who), memories: rows }]);
    });
  }
  await db.$executeRaw`ANALYZE`;
}

function toRow(ledger: Ledger, text: string, embedding: Float32Array): NewMemory {
  const id = randomUUID();
  return {
    id,
    chainId: randomUUID(),
    isFirst: true,
    text,
    topic: 'General',
    importance: 5,
    importanceWord: undefined,
    messageIndex: undefined,
    spanStart: undefined,
    spanEnd: undefined,
    createdSeq: ledger.append({ kind: 'CREATED', tenantId: '', memoryId: id }),
    validFrom: ledger.at,
    closed: undefined,
    embedding,
  };
}

function captureOf({ apiKeyId }: Caller): NewCapture {
  return {
    id: randomUUID(),
    tenantId: '',
    apiKeyId,
    source: 'agent',
    channel: 'agent',
    sessionId: undefined,
    messages: undefined,
    provider: undefined,
    model: undefined,
    promptVersion: undefined,
    isByoLlm: false,
    inputTokens: undefined,
    outputTokens: undefined,
  };
}
