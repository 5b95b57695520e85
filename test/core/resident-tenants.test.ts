import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ResidentTenants } from '../../src/core/resident-tenants.js';
import { searchMemories, type SearchHit, type SearchInput } from '../../src/core/search-memories.js';
import { uuidOf } from '../../src/store/candidates.js';
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
let talker: Client;
let scope: { accountId: string; tenantId: string };

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  scope = { accountId: client.caller.accountId, tenantId: '' };
  await storeFacts(app, client, range(0, 1_400).map(factOf), { source: 'first' });
  await storeFacts(app, client, range(1_400, 1_400).map(factOf), { source: 'second' });
  await loaded(app.deps.residents, client);
  talker = await talkative();
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

type Residents = Pick<ResidentTenants, 'view'>;
const NO_WORDS = { worded: 10, weights: [], halfLength: 80 };

/** The ids of what is nearest of a tenant, as of now, in order. */
const nearest = async (
  residents: Residents,
  who: Client,
  text: string,
  most: number,
  tenantId = '',
): Promise<string[] | undefined> => {
  const question = { terms: [], vector: await vectorOf(text) };
  const view = await residents.view({ accountId: who.caller.accountId, tenantId }, {}, question, await seqOf(who));
  const pool = await view?.pool({ ...NO_WORDS, near: most });
  return view && pool?.candidates.slice(0, pool.found).map(({ id }) => uuidOf(view.idAt(id)));
};

/** Waits until a tenant is in memory. */
const loaded = (residents: Residents, who: Client, tenantId = ''): Promise<string[]> =>
  vi.waitUntil(() => nearest(residents, who, 'a lamp', 1, tenantId), WAIT);

async function textsOf(ids: readonly string[] = []): Promise<string[]> {
  const rows = await app.deps.db.memory.findMany({ where: { id: { in: [...ids] } }, select: { id: true, text: true } });
  const texts = new Map(rows.map(({ id, text }) => [id, text]));
  return ids.map((id) => texts.get(id) ?? 'nothing that is stored');
}

const search = async (input: SearchInput): Promise<string[]> =>
  (await searchMemories(app.deps, client.caller, input)).hits.map(({ memory }) => memory.text);

/** A client with 900 memories of 30 sessions in memory, where the database would compare them all. */
async function talkative(): Promise<Client> {
  const talker = await app.newClient();
  for (const n of range(0, 30)) {
    const about = {
      source: `talk ${n % 8}`,
      sessionId: `session ${n}`,
      topic: n % 3 ? 'Home' : 'Travel',
      importance: 1 + (n % 10),
    };
    await storeFacts(app, talker, range(n * 30, 30).map(factOf), about);
  }
  await loaded(app.deps.residents, talker);
  return talker;
}

/** What ranks a hit, but for the last digits. */
const told = ({ memory, score, similarity, lexical, vector, neighbour, recency, importance }: SearchHit): unknown[] => [
  memory.text,
  ...[score, similarity, lexical, vector, neighbour, recency, importance].map((value) => value.toFixed(6)),
];

describe('a tenant whose vectors are in memory', () => {
  it('is searched with all of them compared, and without the index', async () => {
    const statements = await app.statementsOf(() => search({ query: factOf(77) }));
    expect(statements.filter((sql) => sql.includes('<=>') && sql.includes('ORDER BY (m.embedding'))).toEqual([]);
    expect(statements.filter((sql) => sql.includes('AS listed'))).toHaveLength(1);
    expect((await search({ query: factOf(77) }))[0]).toBe(factOf(77));
    const exact = await app.deps.db.$queryRaw<{ text: string }[]>`
      SELECT text FROM memories WHERE account_id = ${scope.accountId}::uuid
      ORDER BY embedding <=> (SELECT embedding FROM memories WHERE text = ${factOf(123)} LIMIT 1), created_seq LIMIT 10`;
    const found = await textsOf(await nearest(app.deps.residents, client, factOf(123), 60));
    expect(exact.filter(({ text }) => found.includes(text))).toHaveLength(10);
  });

  it('counts words, and finds those that hold the rarest of them first, of equals the newest', async () => {
    const terms = ['piano', 'lamp', 'person', 'harp'];
    const question = { terms, vector: await vectorOf('a harp') };
    const view = await app.deps.residents.view(scope, {}, question, await seqOf(client));
    expect(view?.ofTenant).toEqual({ total: 2_800, holding: [400, 400, 2_800, 0] });
    expect(view?.ofScope).toEqual(view?.ofTenant);
    const half = await app.deps.residents.view(scope, { sources: ['first', 'none'] }, question, 0n);
    expect([half?.size, half?.ofScope]).toEqual([1_400, { total: 1_400, holding: [200, 200, 1_400, 0] }]);
    const wanted = { near: 1, worded: 500, weights: [3, 1, 0, 5], halfLength: 80 };
    const pool = await view?.pool(wanted);
    const [nearestOne = '', ...found] =
      pool?.candidates.slice(0, pool.found).map(({ id }) => uuidOf(view?.idAt(id) ?? '')) ?? [];
    const expected = [
      ...range(0, 2_800)
        .filter((n) => n % 7 === 6)
        .reverse(),
      ...range(0, 2_800)
        .filter((n) => n % 7 === 0)
        .reverse(),
    ];
    const [first] = await textsOf([nearestOne]);
    expect(await textsOf(found)).toEqual(
      expected
        .slice(0, 500)
        .map(factOf)
        .filter((text) => text !== first),
    );
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

  it.each<[string, Partial<SearchInput>]>([
    ['no filter', {}],
    ['a source', { sources: ['talk 3', 'talk 4', 'none'] }],
    ['a topic', { topics: ['Travel'] }],
    ['a session', { sessionIds: ['session 7'] }],
    ['importance', { minImportance: 8 }],
    ['two of them', { topics: ['Travel'], minImportance: 3 }],
    ['words', { text: 'lamp -Oslo' }],
    ['a later page', { offset: 20 }],
    ['recency and importance weighed', { weights: { recency: 0.01, importance: 0.02 } }],
  ])('is searched as one that is compared in the database: with %s', async (_name, input) => {
    const none = new ResidentTenants(app.deps, 0);
    for (const query of ['a kettle in Oslo', 'Who lost the piano of person 77?', 'a mirror']) {
      const asked = { query, limit: 10, ...input };
      const found = await searchMemories(app.deps, talker.caller, asked);
      const expected = await searchMemories({ ...app.deps, residents: none }, talker.caller, asked);
      expect(found.hits.length).toBeGreaterThan(0);
      expect(found.hasMore).toBe(expected.hasMore);
      expect(found.hits.map(told)).toEqual(expected.hits.map(told));
    }
  });

  it('takes four statements, whatever the filter leaves', async () => {
    for (const input of [{}, { sources: ['talk 3'] }, { topics: ['Travel'] }]) {
      const query = { query: 'a carpet in Lima', ...input };
      await searchMemories(app.deps, talker.caller, query);
      const statements = await app.statementsOf(() => searchMemories(app.deps, talker.caller, query));
      expect(statements.filter((sql) => !/set_config|COMMIT|BEGIN/.test(sql))).toHaveLength(4);
    }
  });

  it('looks past what was replaced, itself and beside others in their sessions', async () => {
    const replacing = await talkative();
    const { hits } = await searchMemories(app.deps, replacing.caller, { query: 'a clock in Pune', limit: 30 });
    const ids = hits.map(({ memory }) => memory.id);
    const seqs = hits.map(({ memory }) => memory.createdSeq);
    await app.deps.db.$executeRaw`
      UPDATE memories SET valid_to = valid_from, known_to = known_from
      WHERE account_id = ${replacing.caller.accountId}::uuid AND (id = ANY (${ids}::uuid[]) OR created_seq - 1 = ANY (${seqs}))`;
    const none = new ResidentTenants(app.deps, 0);
    const asked = { query: 'a clock in Pune', limit: 30 };
    const first = await searchMemories(app.deps, replacing.caller, asked);
    expect(first.hits.filter(({ memory }) => ids.includes(memory.id))).toEqual([]);
    // Words were still counted with those that are over; now it is known which they are.
    const found = await searchMemories(app.deps, replacing.caller, asked);
    const expected = await searchMemories({ ...app.deps, residents: none }, replacing.caller, asked);
    expect(found.hits.map(told)).toEqual(expected.hits.map(told));
    // What is over is not looked up again.
    const statements = await app.statementsOf(() => searchMemories(app.deps, replacing.caller, asked));
    expect(statements.filter((sql) => sql.includes('AS listed'))).toHaveLength(1);
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

  it('are no longer compared with what was read before them', async () => {
    const renewed = await talkative();
    const near = tenants(ROOM);
    await loaded(near, renewed);
    const { accountId } = renewed.caller;
    const vector = await vectorOf('a clock in Pune');
    const ahead = near.look({ accountId, tenantId: '' }, {})?.compare(vector);
    expect(await ahead?.cosines).toHaveLength(900);
    await app.deps.db.$executeRaw`
      UPDATE memories SET valid_to = valid_from, known_to = known_from
      WHERE account_id = ${accountId}::uuid AND created_seq % 2 = 0`;
    near.forget(accountId);
    await loaded(near, renewed);
    const poolOf = async (more: object): Promise<unknown> => {
      const question = { terms: [], vector, ...more };
      const view = await near.view({ accountId, tenantId: '' }, {}, question, 0n);
      return view?.pool({ ...NO_WORDS, near: 20 });
    };
    const pool = await poolOf({});
    expect(pool).toMatchObject({ isAll: false });
    expect(await poolOf({ ahead })).toEqual(pool);
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
    expect(await nearest(near, client, 'a lamp', 1)).toBeUndefined();
    await near.stop();
    await vi.waitUntil(() => warnings.length > 0, WAIT);
    expect(await nearest(near, client, 'a lamp', 1)).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});
