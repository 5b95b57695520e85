// What does a search cost among 1,000, 10,000 and 90,000 memories, what of it is the server's share, how much does the vector
// index find of what is near, and how many rows a second can it be given?
// Run: npx tsx bench/search.ts --data DIR [--sizes 1000,10000,90000] [--layouts 'by person,one tenant'] [--rounds 100] [--folder DIR]
//      POSTGRES_DURABLE=true node scripts/real-postgres.js run npx tsx bench/search.ts --data DIR   on a real PostgreSQL
// DIR holds msc_persona_facts.jsonl ({tenant, fact} a line) and trex_facts.jsonl ({fact}).
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import pino from 'pino';
import { createApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { authenticate } from '../src/core/authenticate.js';
import type { Caller, Deps } from '../src/core/deps.js';
import { readPools } from '../src/core/read-pools.js';
import { retrieve, type Hit } from '../src/core/retrieve.js';
import { Prisma } from '../src/generated/prisma/client.js';
import {
  checkMemories,
  readBest,
  readTerms,
  type Candidate,
  type Sought,
  type Where,
} from '../src/store/candidates.js';
import { openFolder } from '../src/store/embedded-folder.js';
import { embeddedPool } from '../src/store/embedded-pool.js';
import type { MemoryFilter } from '../src/store/listing.js';
import { indexPending } from '../src/store/pending.js';
import { ensureVectorIndex } from '../src/store/vector-index.js';
import { fill, readFacts, sampled, tenantOf, WORLD, type Fact, type Layout } from './fill.js';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    sizes: { type: 'string', default: '1000,10000,90000' },
    layouts: { type: 'string', default: 'by person,one tenant' },
    rounds: { type: 'string', default: '100' },
    folder: { type: 'string' },
  },
});
if (options.data === undefined) throw new Error('Say where the data is: --data DIR');
const rounds = Number(options.rounds);
const all = readFacts(options.data);
const server = process.env['TEST_DATABASE_URL'];
/** What runs often is compiled anew for a long time: a search took half as long after two thousand as after three hundred. */
const WARM_UP = { first: 1_000, later: 50 } as const;
const warm = new Set<string>();
/** Rows that are written beside the others, and put into the index later. */
const UPKEEP = 1_000;

/** As if no tenant were in memory. */
const NONE: Deps['residents'] = { look: () => undefined, view: () => Promise.resolve(undefined) };
/** The question whose SQL is recorded. */
const RECORDED = 1;

interface Bench {
  app: App;
  url: string;
  key: string;
  caller: Caller;
  facts: readonly Fact[];
  layout: Layout;
  /** The driver alone, on the same database. */
  openRaw(): Promise<Raw>;
}
interface Raw {
  pool: pg.Pool;
  close(): Promise<void>;
}
interface ScopeUnderTest {
  name: string;
  tenantId: string;
  filter: MemoryFilter;
}

console.log(
  `Node ${process.version}, ${os.cpus().length} cores, load ${os.loadavg()[0]?.toFixed(1) ?? '?'}, ${server ? 'PostgreSQL' : 'embedded'}`,
);
const agent = new Agent({ keepAlive: true });
const medians = new Map<string, number>();
/** Of prepared statements. */
const names = new Map<string, string>();
for (const layout of (['by person', 'one tenant'] as const).filter((name) => options.layouts.split(',').includes(name)))
  for (const size of options.sizes.split(',').map(Number)) await measureOne(layout, size);

async function measureOne(layout: Layout, size: number): Promise<void> {
  const bench = await open(layout, sampled(all, size));
  const { app, facts } = bench;
  console.log(`\n${layout}, ${facts.length} memories`);
  await prepare(bench);
  await upkeep(bench);
  const scopes = scopesOf(bench);
  await warmUp(bench);
  for (const scope of scopes) {
    const graphql = await time('GraphQL', (query) => searchThrough(bench, scope, query), bench);
    const core = await time('retrieval', (query) => retrieveIn(bench, scope, query, {}), bench);
    const rest =
      scope.name === 'whole' ? await time('REST', (query) => askThrough(bench, scope, query), bench) : undefined;
    const recall = await recallIn(bench, scope);
    medians.set(`${layout} ${facts.length} ${scope.name}`, at(graphql, 0.5));
    console.log(
      `${scope.name.padEnd(8)} GraphQL ${shown(graphql)}   retrieval ${shown(core)}${rest ? `   REST query ${shown(rest)}` : ''}   recall@10 ${recall}`,
    );
  }
  const sql = new Map<ScopeUnderTest, { own: Recorded[]; whole: Recorded[] }>();
  for (const scope of scopes)
    sql.set(scope, { own: await recorded(bench, scope, {}), whole: await recorded(bench, scope, { residents: NONE }) });
  const resident = Math.round(process.memoryUsage().rss / 2 ** 20);
  // The embedded database has one session, whose statements a second client would forget.
  await app.close();
  const raw = await bench.openRaw();
  for (const [scope, { own, whole }] of sql) {
    const [recordedAs, through] = [
      questionOf(bench, RECORDED),
      medians.get(`${layout} ${facts.length} ${scope.name}`) ?? NaN,
    ];
    for (const [name, statements] of [
      ['the SQL that it runs', own],
      ['the same search in SQL alone', whole],
    ] as const) {
      const alone = await time(name, (query) => replay(raw.pool, statements, recordedAs, query), bench);
      console.log(
        `${scope.name.padEnd(8)} ${name}, by the driver ${shown(alone)}   ratio ${(through / at(alone, 0.5)).toFixed(1)}`,
      );
    }
  }
  const first = medians.get(`${layout} ${Number(options.sizes.split(',')[0])} whole`) ?? NaN;
  console.log(
    `whole, against the smallest: ${((medians.get(`${layout} ${facts.length} whole`) ?? NaN) / first).toFixed(1)}; resident ${resident} MB`,
  );
  await raw.close();
}

async function open(layout: Layout, facts: readonly Fact[]): Promise<Bench> {
  const dataDir = mkdtempSync(path.join(options.folder ?? os.tmpdir(), 'palimpsest-search-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const database = server ? await freshDatabase(server) : undefined;
  const config = readConfig({
    PORT: '0',
    ...(database ? { DATABASE_URL: database } : { PALIMPSEST_DATA_DIR: dataDir }),
  });
  const app = await createApp(config, pino({ level: 'silent' }), { otherwise: 'SYSTEM' });
  const { id: accountId } = await createAccount(app.deps, { name: 'bench', plan: 'pro' });
  const { key } = await createApiKey(app.deps, { name: 'bench', accountId });
  const caller = await authenticate(app.deps, `Bearer ${key}`);
  const openRaw = async (): Promise<Raw> => {
    const again = database === undefined ? await openFolder(dataDir) : undefined;
    const pool = again
      ? embeddedPool(again.postgres, { otherwise: 'SYSTEM' })
      : new pg.Pool({ connectionString: database, max: 1 });
    await pool.query('SET hnsw.iterative_scan = relaxed_order; SET hnsw.ef_search = 400');
    const close = async (): Promise<void> => {
      await pool.end();
      await again?.close();
    };
    return { pool, close };
  };
  return { app, url: await app.listen(), key, caller, facts, layout, openRaw };
}

async function freshDatabase(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const name = `search_${process.pid}_${Date.now()}`;
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/** All but the last rows, with the index built in one go. */
async function prepare({ app: { deps }, caller, facts, layout }: Bench): Promise<void> {
  const [near] = await deps.db.$queryRaw<{ name: string }[]>`
    SELECT relname::text AS name FROM pg_class WHERE relkind = 'i' AND starts_with(relname, 'memories_near_')`;
  await deps.db.$executeRawUnsafe(`DROP INDEX ${near?.name ?? ''}`);
  let ms = 0;
  const most = facts.slice(0, -UPKEEP);
  await fill(deps, caller, most, layout, { isIndexed: true, onBatch: (_rows, took) => void (ms += took) });
  const began = performance.now();
  await ensureVectorIndex(deps.db, deps.embedder);
  const built = performance.now() - began;
  await deps.db.$executeRaw`ANALYZE`;
  console.log(
    `without the vector index ${rate(most.length, ms)}; the index built in one go ${(built / 1000).toFixed(1)} s`,
  );
}

/** The vectors of the large tenants come into memory once they are searched. */
async function warmUp(bench: Bench): Promise<void> {
  const { deps } = bench.app;
  const began = performance.now();
  for (const tenantId of new Set(scopesOf(bench).map((scope) => scope.tenantId))) {
    const scope = { accountId: bench.caller.accountId, tenantId };
    if ((await deps.db.memory.count({ where: { ...scope, knownTo: null } })) <= 1_000) continue;
    while (!deps.residents.look(scope, {})) {
      await searchThrough(bench, { name: 'whole', tenantId, filter: {} }, 'anything');
      await pause(20);
    }
  }
  console.log(`vectors in memory after ${(performance.now() - began).toFixed(0)} ms`);
}

/** Rows that are written while searches go on; then the background's work. */
async function upkeep(bench: Bench): Promise<void> {
  const { app, caller, facts, layout } = bench;
  const first = Math.max(0, facts.length - UPKEEP);
  const later = facts.slice(first);
  let written = 0;
  const [scope] = scopesOf(bench);
  const searches: number[] = [];
  const filling = { isOver: false };
  const searching = (async () => {
    while (!filling.isOver && scope)
      searches.push(await timed(() => searchThrough(bench, scope, questionOf(bench, searches.length))));
  })();
  await fill(app.deps, caller, later, layout, {
    first,
    onBatch: (_rows, ms) => void (written += ms),
  });
  filling.isOver = true;
  await searching;
  const began = performance.now();
  let indexed = 0;
  for (let count = -1; count !== 0; indexed += Math.max(0, count))
    count = await indexPending(app.deps.db, { accountId: caller.accountId, tenantId: WORLD }, app.deps.embedder.id, 3);
  console.log(
    `rows beside searches ${rate(later.length, written)}, searches meanwhile ${shown(searches)}; then ${indexed} indexed, ${rate(indexed, performance.now() - began)}`,
  );
}

function rate(rows: number, ms: number): string {
  return `${Math.round((1_000 * rows) / ms)} rows/s`;
}

function scopesOf({ layout, facts }: Bench): ScopeUnderTest[] {
  const within = (name: string, sources?: string[]): ScopeUnderTest => ({ name, tenantId: WORLD, filter: { sources } });
  const person = facts.find((fact) => fact.person !== undefined);
  const small = { name: 'person', tenantId: person ? tenantOf(person, layout) : WORLD, filter: {} };
  return [
    within('whole'),
    within('50 %', ['half']),
    within('5 %', ['five']),
    within('1 %', ['one']),
    layout === 'by person' ? small : { ...small, filter: { sessionIds: [person?.person ?? ''] } },
  ];
}

/** Words of a fact, as somebody would ask for it. */
function questionOf({ facts }: Pick<Bench, 'facts'>, round: number): string {
  const { text = '' } = facts[(round * 7_919) % facts.length] ?? {};
  return text.split(' ').slice(0, 7).join(' ');
}

async function searchThrough({ url, key }: Bench, { tenantId, filter }: ScopeUnderTest, query: string): Promise<void> {
  const SEARCH = `query ($query: String!, $filter: MemoryFilter) {
    search(query: $query, filter: $filter) { edges { node { score similarity memory { id text validFrom } } } } }`;
  const variables = { query, filter: { tenantId, ...filter } };
  const { data } = await post<{ data: { search: { edges: unknown[] } } | null }>(`${url}/graphql`, key, {
    query: SEARCH,
    variables,
  });
  if (!data) throw new Error('a search failed');
}

function askThrough({ url, key }: Bench, { tenantId }: ScopeUnderTest, question: string): Promise<unknown> {
  return post(`${url}/agent/query`, key, { question, tenant_id: tenantId });
}

async function post<Body>(url: string, key: string, body: object): Promise<Body> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  // Not fetch: it would take a millisecond of its own, on the server's thread.
  const [response] = (await once(
    request(url, { method: 'POST', headers, agent }).end(JSON.stringify(body)),
    'response',
  )) as [IncomingMessage];
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${text}`);
  return JSON.parse(text) as Body;
}

function retrieveIn(
  { app, caller }: Bench,
  { tenantId, filter }: ScopeUnderTest,
  text: string,
  more: Partial<Deps>,
): Promise<Hit[]> {
  const scope = { accountId: caller.accountId, tenantId };
  return retrieve({ ...app.deps, ...more }, { scope, text, filter, asOf: {}, depth: 11 });
}

/**
 * How many of the ten nearest of a scope are among the candidates of a search, and how many among those that the vector index gives,
 * by which searches go while the vectors are not in memory yet; equally near ones count alike.
 */
async function recallIn(
  { app: { deps }, caller, facts }: Bench,
  { tenantId, filter }: ScopeUnderTest,
): Promise<string> {
  const where = { scope: { accountId: caller.accountId, tenantId }, filter, asOf: {}, now: new Date() };
  const found = { search: 0, index: 0 };
  let wanted = 0;
  for (let round = 0; round < Math.min(rounds, 40); round++) {
    const text = questionOf({ facts }, round);
    const [vector = new Float32Array()] = await deps.embedder.embed([text], 'query');
    const sought = { text, vector, embeddingModel: deps.embedder.id };
    const pools = { near: 100, rareTerms: [], weights: [], halfLength: 1 };
    const { seq } = await readTerms(deps.db, where.scope, text);
    const exact = tenNearest(await readBest(deps.db, where, sought, [], { ...pools, from: 'ALL' }));
    const served = tenNearest(await pooled(deps, where, sought, seq));
    const indexed = tenNearest(await readBest(deps.db, where, sought, [], { ...pools, from: 'INDEX' }));
    const bound = (exact.at(-1) ?? 1) - 1e-9;
    wanted += exact.length;
    found.search += served.filter((similarity) => similarity >= bound).length;
    found.index += indexed.filter((similarity) => similarity >= bound).length;
  }
  return `${(found.search / wanted).toFixed(3)}, of the index alone ${(found.index / wanted).toFixed(3)}`;
}

/** What a search ranks, by nearness alone. */
async function pooled(
  deps: Deps,
  where: Where,
  sought: Sought,
  seq: bigint,
): Promise<{ candidates: readonly Pick<Candidate, 'similarity'>[] }> {
  const { vector } = sought;
  const view = await deps.residents.view(where.scope, where.filter, { terms: [], vector }, seq);
  const pool = await view?.pool({ near: 100, worded: 0, weights: [], halfLength: 1 });
  if (!view || !pool) {
    const looking = { deps, where, sought, boosts: { recency: 0, importance: 0, now: where.now }, depth: 11 };
    return readPools(looking, { terms: [], weights: [], total: 0, holding: [], view: undefined, seq }, 100);
  }
  const ids = pool.candidates.slice(0, pool.found).map(({ id }) => view.idAt(id));
  const checked = await checkMemories(deps.db, where, sought, ids);
  return { candidates: [...checked.values()].map(({ similarity = 0 }) => ({ similarity })) };
}

function tenNearest({ candidates }: { candidates: readonly Pick<Candidate, 'similarity'>[] }): number[] {
  const similarities = candidates.map(({ similarity }) => similarity);
  return similarities.sort((a, b) => b - a).slice(0, 10);
}

interface Recorded {
  text: string;
  values: unknown[];
}

/** The SQL of one search, with the places where the question and its vector stand, and of the rows that it shows. */
async function recorded(bench: Bench, scope: ScopeUnderTest, more: Partial<Deps>): Promise<Recorded[]> {
  const statements: Recorded[] = [];
  const { db } = bench.app.deps;
  const recording = new Proxy(db, {
    get: (target, name) =>
      name === '$queryRaw'
        ? (strings: TemplateStringsArray, ...values: unknown[]) => {
            const { text, values: flat } = Prisma.sql(strings, ...values);
            statements.push({ text, values: flat });
            return target.$queryRaw(strings, ...values);
          }
        : (Reflect.get(target, name) as unknown),
  });
  await retrieveIn(bench, scope, questionOf(bench, RECORDED), more); // what is counted once is no part of it
  const hits = await retrieveIn(bench, scope, questionOf(bench, RECORDED), { ...more, db: recording });
  const ids = hits.slice(0, 10).map(({ id }) => id);
  const rows = 'SELECT * FROM memories WHERE account_id = $1::uuid AND id = ANY ($2::uuid[])';
  return [...statements, { text: rows, values: [bench.caller.accountId, ids] }];
}

/** With other questions for the words; the vector stays. */
async function replay(pool: pg.Pool, statements: readonly Recorded[], question: string, query: string): Promise<void> {
  for (const { text, values } of statements) {
    if (!names.has(text)) names.set(text, `bench${names.size}`);
    const asked = values.map((value) => (value === question ? query : value));
    const name = text.includes('planned each time') ? undefined : names.get(text);
    await pool.query({ text, values: asked, ...(name === undefined ? {} : { name }) });
  }
}

async function time(name: string, work: (query: string) => Promise<unknown>, bench: Bench): Promise<number[]> {
  const warmUp = warm.has(name) ? WARM_UP.later : WARM_UP.first;
  warm.add(name);
  for (let round = 0; round < warmUp; round++) await work(questionOf(bench, round + 500));
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timed(() => work(questionOf(bench, round))));
  return times;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function at(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
}

function shown(times: readonly number[]): string {
  return `p50 ${at(times, 0.5).toFixed(1)} p95 ${at(times, 0.95).toFixed(1)} ms`;
}
