import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ResidentTenants, type Listed } from '../../src/core/resident-tenants.js';
import { searchMemories, type SearchInput } from '../../src/core/search-memories.js';
import { asSystem } from '../../src/core/act-for.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { storeFacts } from '../support/store-facts.js';

const THINGS = ['lamp', 'chair', 'kettle', 'carpet', 'mirror', 'clock', 'piano'];
const PLACES = ['Oslo', 'Graz', 'Pune', 'Lima', 'Accra'];
const factOf = (n: number): string => `Person ${n} keeps a ${THINGS[n % 7] ?? ''} in a flat in ${PLACES[n % 5] ?? ''}`;
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const WAIT = { timeout: 20_000, interval: 20 };
const ROOM = 2 ** 24;

let app: TestApp;
let client: Client;
let scope: { accountId: string; tenantId: string };

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  scope = { accountId: client.caller.accountId, tenantId: '' };
  await storeFacts(app, client, range(0, 1_400).map(factOf), { source: 'first' });
  await storeFacts(app, client, range(1_400, 1_400).map(factOf), { source: 'second' });
  await loaded(app.deps.residents, client);
});
afterAll(() => app.close());

const vectorOf = async (text: string): Promise<Float32Array> => {
  const [vector = new Float32Array()] = await app.deps.embedder.embed([text], 'query');
  return vector;
};

async function seqOf({ caller }: Client): Promise<bigint> {
  const { lastSeq } = await app.deps.db.account.findUniqueOrThrow({ where: { id: caller.accountId } });
  return lastSeq;
}

type Residents = Pick<ResidentTenants, 'list'>;
const NO_WORDS = { terms: [], weights: [], rareTerms: [], halfLength: 80 };

/** What is nearest of a tenant, as of now. */
const nearest = async (
  residents: Residents,
  who: Client,
  text: string,
  most: number,
  tenantId = '',
): Promise<Listed | undefined> => {
  const wanted = { vector: await vectorOf(text), near: most, worded: 10, words: NO_WORDS };
  return residents.list({ accountId: who.caller.accountId, tenantId }, wanted, await seqOf(who));
};

/** Waits until a tenant is in memory. */
const loaded = (residents: Residents, who: Client, tenantId = ''): Promise<Listed> =>
  vi.waitUntil(() => nearest(residents, who, 'a lamp', 1, tenantId), WAIT);

async function textsOf(found: Pick<Listed, 'near'> | undefined): Promise<string[]> {
  const ids = found?.near.map((id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')) ?? [];
  const rows = await app.deps.db.memory.findMany({ where: { id: { in: ids } }, select: { id: true, text: true } });
  const texts = new Map(rows.map(({ id, text }) => [id, text]));
  return ids.map((id) => texts.get(id) ?? 'nothing that is stored');
}

const search = async (input: SearchInput): Promise<string[]> =>
  (await searchMemories(app.deps, client.caller, input)).hits.map(({ memory }) => memory.text);

describe('a tenant whose vectors are in memory', () => {
  it('is searched with all of them compared, and without the index', async () => {
    const statements = await app.statementsOf(() => search({ query: factOf(77) }));
    expect(statements.filter((sql) => sql.includes('<=>') && sql.includes('ORDER BY (m.embedding'))).toEqual([]);
    expect(statements.some((sql) => sql.includes('WITH ORDINALITY'))).toBe(true);
    expect((await search({ query: factOf(77) }))[0]).toBe(factOf(77));
    const exact = await app.deps.db.$queryRaw<{ text: string }[]>`
      SELECT text FROM memories WHERE account_id = ${scope.accountId}::uuid
      ORDER BY embedding <=> (SELECT embedding FROM memories WHERE text = ${factOf(123)} LIMIT 1), created_seq LIMIT 10`;
    const found = await textsOf(await nearest(app.deps.residents, client, factOf(123), 60));
    expect(exact.filter(({ text }) => found.includes(text))).toHaveLength(10);
  });

  it('counts words, and finds those that hold the rarest of them first, of equals the newest', async () => {
    const terms = ['piano', 'lamp', 'person', 'harp'];
    const { total = 0, holding = [] } = (await app.deps.residents.count(scope, terms, 0n)) ?? {};
    expect([total, ...holding]).toEqual([2_800, 400, 400, 2_800, 0]);
    const words = { terms, weights: [3, 1, 1, 5], rareTerms: ['piano', 'harp'], halfLength: 80 };
    const wanted = { vector: await vectorOf('a harp'), near: 1, worded: 500, words };
    const listed = await app.deps.residents.list(scope, wanted, await seqOf(client));
    const expected = range(0, 2_800).filter((n) => factOf(n).includes('piano'));
    expect(await textsOf({ near: listed?.worded ?? [] })).toEqual(expected.reverse().map(factOf));
  });

  it('finds what was stored a moment ago, whoever stored it', async () => {
    await client.rest('POST', '/agent/memories', { content: 'The marmot sleeps under the shed' });
    expect((await search({ query: 'Where does the marmot sleep?' }))[0]).toBe('The marmot sleeps under the shed');
    // A word that nobody held before, and that no vector knows.
    await client.rest('POST', '/agent/memories', { content: 'The password of the shed is xyqqzrt' });
    const { hits } = await searchMemories(app.deps, client.caller, { query: 'xyqqzrt' });
    expect(hits[0]?.memory.text).toBe('The password of the shed is xyqqzrt');
    expect(hits[0]?.lexical).toBeGreaterThan(0);
    // Past the server, as another node would.
    await storeFacts(app, client, ['The heron nests by the weir'], { source: 'elsewhere' });
    expect((await textsOf(await nearest(app.deps.residents, client, 'a heron by a weir', 1)))[0]).toBe(
      'The heron nests by the weir',
    );
  });

  it('finds it among more than a search can wait for, once they are read', async () => {
    const many = range(5_000, 700).map((n) => `The shelf number ${n} is empty`);
    await storeFacts(app, client, [...many, 'The otter has a holt by the mill'], { source: 'many' });
    expect(await nearest(app.deps.residents, client, 'an otter', 1)).toBeUndefined();
    expect((await search({ query: 'Where is the otter?' }))[0]).toContain('otter'); // found meanwhile as well
    await loaded(app.deps.residents, client);
    expect((await textsOf(await nearest(app.deps.residents, client, 'an otter', 1)))[0]).toContain('otter');
  });

  it('shows nothing that was replaced, taken back or deleted', async () => {
    const stored = async (content: string): Promise<string> =>
      (await client.rest<{ memory_id: string }>('POST', '/agent/memories', { content })).body.memory_id;
    const [old, wrong, gone] = [
      await stored('Zorro has a red cape'),
      await stored('Zorro has a dog'),
      await stored('Zorro sings'),
    ];
    expect(await search({ query: 'Zorro', limit: 3 })).toHaveLength(3);
    await client.rest('POST', `/memories/${old}/supersede`, { superseded_by: await stored('Zorro has a black cape') });
    await client.graphql('mutation ($input: RetractMemoryInput!) { retractMemory(input: $input) { cursor } }', {
      input: { memoryId: wrong, reason: 'a mistake' },
    });
    await client.graphql('mutation ($input: DeleteMemoriesInput!) { deleteMemories(input: $input) { cursor } }', {
      input: { memoryId: gone },
    });
    const found = (await search({ query: 'Zorro', limit: 10 })).filter((text) => text.includes('Zorro'));
    expect(found).toEqual(['Zorro has a black cape']);
    const { data } = await client.graphql<{ revertSupersession: unknown }>(
      'mutation ($input: RevertSupersessionInput!) { revertSupersession(input: $input) { cursor } }',
      { input: { memoryId: old } },
    );
    expect(data.revertSupersession).not.toBeNull();
    expect((await search({ query: 'Zorro red cape' }))[0]).toBe('Zorro has a red cape');
  });

  it.each<[string, SearchInput, number]>([
    ['half of it', { query: 'a kettle in Oslo', sources: ['second'], limit: 100 }, 100],
    ['a hundredth', { query: 'a kettle in Oslo', sources: ['elsewhere'], limit: 100 }, 1],
  ])('gives all that a filter leaves: %s', async (_name, input, count) => {
    const found = await search(input);
    expect(found).toHaveLength(count);
    const all = new Set(
      (await app.deps.db.memory.findMany({ where: { source: input.sources?.[0] ?? '' } })).map(({ text }) => text),
    );
    expect(found.filter((text) => !all.has(text))).toEqual([]);
  });

  it('is read anew once much of it is no longer current', async () => {
    const lost = await app.newClient();
    await storeFacts(
      app,
      lost,
      range(0, 1_500).map((n) => `The gate ${n} is open`),
    );
    await storeFacts(
      app,
      lost,
      range(0, 300).map((n) => `The cat has ${n} kittens`),
      { source: 'cats' },
    );
    await loaded(app.deps.residents, lost);
    await app.deps.db
      .$executeRaw`UPDATE memories SET valid_to = valid_from, known_to = known_from WHERE source = 'cats'`;
    const found = await searchMemories(app.deps, lost.caller, { query: 'The cat has kittens', limit: 20 });
    expect(found.hits.map(({ memory }) => memory.source)).toEqual(found.hits.map(() => 'test'));
    expect(found.hits).toHaveLength(20);
    await loaded(app.deps.residents, lost);
    expect((await textsOf(await nearest(app.deps.residents, lost, 'The cat has kittens', 200))).join()).not.toContain(
      'cat',
    );
  });
});

describe('vectors in memory', () => {
  const tenants = (bytes: number): ResidentTenants =>
    new ResidentTenants({ ...app.deps, warn: (details) => expect.unreachable(JSON.stringify(details)) }, bytes);

  it('are of one account and tenant alone', async () => {
    const other = await app.newClient();
    await storeFacts(app, other, ['The vault opens at nine']);
    await storeFacts(app, client, ['The vault opens at ten'], { tenantId: 'beside' });
    const near = tenants(ROOM);
    await loaded(near, other);
    expect(await textsOf(await nearest(near, other, 'the vault', 100))).toEqual(['The vault opens at nine']);
    await loaded(near, client, 'beside');
    expect(await textsOf(await nearest(near, client, 'the vault', 100, 'beside'))).toEqual(['The vault opens at ten']);
    await near.stop();
  });

  it('are let go of when something of their account is erased', async () => {
    const near = tenants(ROOM);
    await loaded(near, client);
    near.forget(client.caller.accountId);
    expect(await nearest(near, client, 'a lamp', 1)).toBeUndefined();
    await loaded(near, client);
    near.forget();
    expect(await nearest(near, client, 'a lamp', 1)).toBeUndefined();
    await near.stop();
  });

  it('are none where there is no room for them, and searches go by the index', async () => {
    for (const bytes of [0, 2 ** 18]) {
      const near = tenants(bytes);
      expect(await nearest(near, client, 'a lamp', 1)).toBeUndefined();
      await near.stop();
      expect(await nearest(near, client, 'a lamp', 1)).toBeUndefined();
      const page = await searchMemories({ ...app.deps, residents: near }, client.caller, { query: factOf(42) });
      expect(page.hits[0]?.memory.text).toBe(factOf(42));
    }
  });

  it('are none while some are of another embedding model', async () => {
    const mixed = await app.newClient();
    await storeFacts(app, mixed, ['A fact of this model', 'A fact of another one']);
    await asSystem(
      () => app.deps.db.$executeRaw`UPDATE memories SET embedding_model = 'other' WHERE text = 'A fact of another one'`,
    );
    const near = tenants(ROOM);
    expect(await nearest(near, mixed, 'a fact', 1)).toBeUndefined();
    await near.stop();
    expect(await nearest(near, mixed, 'a fact', 1)).toBeUndefined();
  });

  it('are tried again after a while, where the database was away', async () => {
    const warnings: unknown[] = [];
    const db = new Proxy(app.deps.db, { get: () => () => Promise.reject(new Error('away')) });
    const near = new ResidentTenants({ ...app.deps, db, warn: (details) => warnings.push(details) }, ROOM);
    expect(
      await near.list(scope, { vector: await vectorOf('a lamp'), near: 1, worded: 1, words: NO_WORDS }, 1n),
    ).toBeUndefined();
    await near.stop();
    await vi.waitUntil(() => warnings.length > 0, WAIT);
    expect(
      await near.list(scope, { vector: await vectorOf('a lamp'), near: 1, worded: 1, words: NO_WORDS }, 1n),
    ).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});
