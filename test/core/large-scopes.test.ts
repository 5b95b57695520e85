import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ResidentTenants } from '../../src/core/resident-tenants.js';
import { searchMemories, type SearchInput, type SearchPage } from '../../src/core/search-memories.js';
import { readBest, readTerms, type Pools } from '../../src/store/candidates.js';
import { nearestCurrent } from '../../src/store/nearest.js';
import { indexPending } from '../../src/store/pending.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { storeFacts } from '../support/store-facts.js';

const THINGS = ['lamp', 'chair', 'kettle', 'carpet', 'mirror', 'clock', 'piano', 'stove'];
const PLACES = ['Oslo', 'Graz', 'Pune', 'Lima', 'Accra', 'Turku', 'Izmir', 'Perth', 'Quito'];
const factOf = (n: number): string =>
  `Person ${n} keeps a ${THINGS[n % THINGS.length] ?? ''} in a flat in ${PLACES[n % PLACES.length] ?? ''}`;

let app: TestApp;
let client: Client;

/** More than are compared whole, and than are compared by vector: most of them as they are written. */
beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  for (let from = 0; from < 5_000; from += 1_000) await store('bulk', rangeOf(from, 1_000).map(factOf));
  await store('wide', rangeOf(5_000, 1_100).map(factOf));
  await store('slow', rangeOf(6_100, 150).map(factOf));
  await store(
    'narrow',
    rangeOf(0, 12).map((n) => `A marmot called ${n} lives under the shed`),
  );
  await store(
    'old',
    rangeOf(0, 150).map(() => 'The heron nests by the weir'),
  );
  await app.deps.db.$executeRaw`UPDATE memories SET valid_to = valid_from, known_to = known_from WHERE source = 'old'`;
  await app.deps.db.$executeRaw`UPDATE memories SET near_indexed = TRUE WHERE source IN ('slow', 'narrow', 'old')`;
  await store('fresh', ['A heron is seen in the reeds', 'Herons nest late this year']);
}, 60_000);
afterAll(() => app.close());

const rangeOf = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

const store = (source: string, texts: readonly string[]): Promise<void> => storeFacts(app, client, texts, { source });

async function countWaiting(accountId: string): Promise<number> {
  const [row] = await app.deps.db.$queryRaw<{ waiting: bigint }[]>`
    SELECT count(*) AS waiting FROM memories WHERE NOT near_indexed AND account_id = ${accountId}::uuid`;
  return Number(row?.waiting);
}

const search = (input: SearchInput): Promise<SearchPage> => searchMemories(app.deps, client.caller, input);
const textsOf = ({ hits }: SearchPage): string[] => hits.map(({ memory }) => memory.text);

/** The ids of a search's candidates, by nearness alone. */
async function nearTo(text: string, sources: string[] | undefined, pools: Pick<Pools, 'from'>): Promise<string[]> {
  const { db, embedder, now } = app.deps;
  const [vector = new Float32Array()] = await embedder.embed([text]);
  const scope = { accountId: client.caller.accountId, tenantId: '' };
  const { terms } = await readTerms(db, scope, text);
  const where = { scope, filter: { sources }, asOf: {}, now: now() };
  const sought = { text, vector, embeddingModel: embedder.id };
  const { candidates } = await readBest(db, where, sought, terms, {
    near: 100,
    rareTerms: [],
    weights: [],
    halfLength: 1,
    ...pools,
  });
  return candidates.map(({ id }) => id);
}

describe('a scope of thousands', { timeout: 60_000 }, () => {
  it.each<[string, string[] | undefined]>([
    ['all', undefined],
    ['what waits for the index, and what is in it', ['wide', 'slow']],
    ['what is in it', ['slow']],
  ])('is searched by vector as if each were compared: %s', async (_name, sources) => {
    for (const text of ['Who owns a piano?', factOf(77), 'a marmot', 'furniture in Izmir']) {
      const [exact, found] = [
        await nearTo(text, sources, { from: 'ALL' }),
        await nearTo(text, sources, { from: 'INDEX' }),
      ];
      expect(exact).toHaveLength(100);
      expect(found.filter((id) => exact.includes(id)).length).toBeGreaterThanOrEqual(98);
    }
  });

  it('gives the same whether rows wait for the index or are in it', async () => {
    const before = await search({ query: factOf(4_711), limit: 20 });
    expect(before.hits[0]?.memory.text).toBe(factOf(4_711));
    const scope = { accountId: client.caller.accountId, tenantId: '' };
    expect(await indexPending(app.deps.db, scope, app.deps.embedder.id, 300)).toBe(300);
    // Less, where the server's own round came in between.
    expect(await countWaiting(client.caller.accountId)).toBeLessThanOrEqual(5_802);
    expect(textsOf(await search({ query: factOf(4_711), limit: 20 }))).toEqual(textsOf(before));
  });

  it('comes into the vector index by itself once it is searched, and a small tenant does not', async () => {
    const small = await app.newClient();
    const stored = await small.rest('POST', '/agent/memories', { content: 'The attic holds a lute' });
    expect(stored.status).toBe(200);
    expect((await searchMemories(app.deps, small.caller, { query: 'lute' })).hits).toHaveLength(1);
    const before = await countWaiting(client.caller.accountId);
    await search({ query: 'a lute' });
    await vi.waitUntil(async () => (await countWaiting(client.caller.accountId)) < before, { timeout: 30_000 });
    expect(await countWaiting(small.caller.accountId)).toBe(1);
  });

  it('has the same facts nearest to a new one as if each were compared', async () => {
    const { db, embedder, now } = app.deps;
    const scope = { accountId: client.caller.accountId, tenantId: '' };
    for (const text of [factOf(6_200), 'A marmot called 30 lives under the shed', 'Herons nest early']) {
      const [vector = new Float32Array()] = await embedder.embed([text]);
      const vicinity = { text, vector, embeddingModel: embedder.id };
      const exact = await nearestCurrent(db, scope, { ...vicinity, createdAfter: 0n }, now(), false);
      const found = await nearestCurrent(db, scope, { ...vicinity, createdAfter: undefined }, now(), false);
      expect([exact.isLarge, found.isLarge]).toEqual([false, true]);
      expect(found.nearest).toHaveLength(40);
      // Of many that are equally near each way may choose others.
      const least = exact.nearest.at(-1)?.similarity ?? 1;
      expect(found.nearest.filter(({ similarity }) => similarity >= least - 1e-6).length).toBeGreaterThanOrEqual(39);
    }
  });

  it('gives all that a narrow filter leaves, near or not', async () => {
    for (const query of ['marmot', 'quantum chromodynamics', factOf(3)])
      expect((await search({ query, sources: ['narrow'], limit: 100 })).hits).toHaveLength(12);
  });

  it('finds what is current behind any number of what was superseded', async () => {
    const found = textsOf(await search({ query: 'The heron nests by the weir', limit: 50 }));
    expect(found).toHaveLength(50);
    expect(found.slice(0, 2).sort()).toEqual(['A heron is seen in the reeds', 'Herons nest late this year']);
    expect(found).not.toContain('The heron nests by the weir');
  });

  it.each([
    ['in the database', false],
    ['in memory', true],
  ])('is paged through to its end, each memory once: %s', async (_name, isInMemory) => {
    const residents = isInMemory ? app.deps.residents : new ResidentTenants(app.deps, 0);
    const find = (input: SearchInput): Promise<SearchPage> =>
      searchMemories({ ...app.deps, residents }, client.caller, input);
    const isReady = async (): Promise<boolean> => {
      await find({ query: 'a clock' });
      return residents.look({ accountId: client.caller.accountId, tenantId: '' }, {}) !== undefined;
    };
    if (isInMemory) await vi.waitUntil(isReady, { timeout: 20_000 });
    const seen: string[] = [];
    let page: SearchPage | undefined;
    do {
      page = await find({ query: 'a clock in Lima', sources: ['wide'], limit: 100, offset: seen.length });
      seen.push(...page.hits.map(({ memory }) => memory.id));
    } while (page.hasMore && seen.length < 2_000);
    expect(seen).toHaveLength(1_100);
    expect(new Set(seen).size).toBe(1_100);
    const deep = await find({ query: 'a clock in Lima', limit: 100, offset: 6_200 });
    expect(deep.hits).toHaveLength(64);
    expect(deep.hasMore).toBe(false);
  });

  it('is looked into as of an instant, however large', async () => {
    const page = await search({ query: 'heron', asOf: { known: '2000-01-01T00:00:00Z' } });
    expect(page.hits).toHaveLength(0);
    const now = await search({ query: 'heron', asOf: { known: new Date().toISOString() }, limit: 2 });
    expect(textsOf(now)).not.toContain('The heron nests by the weir');
    expect(now.hits).toHaveLength(2);
  });

  it.each<[string, SearchInput, number]>([
    ['in a few statements', { query: 'a stove in Graz' }, 5],
    ['in fewer, where memory tells which to read', { query: 'a stove in Graz', sources: ['slow'] }, 4],
    ['in fewest, where there are few', { query: 'a marmot', sources: ['narrow'] }, 3],
  ])('is searched %s', async (_name, input, most) => {
    await search(input);
    const statements = await app.statementsOf(() => search(input));
    expect(statements.filter((sql) => !sql.includes('UPDATE')).length).toBeLessThanOrEqual(most);
  });
});
