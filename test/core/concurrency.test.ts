import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireSaved } from '../support/wire.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_WRITES: '8' } });
});
afterAll(() => app.close());

const add = (client: Client, content: string, more: object = {}) =>
  client.rest<WireSaved>('POST', '/agent/memories', { content, ...more });

/** What the database itself holds of an account. */
async function rowsOf({ caller: { accountId } }: Client) {
  const { db } = app.deps;
  const where = { accountId };
  const [account, memories, chains, captures, events] = await Promise.all([
    db.account.findUniqueOrThrow({ where: { id: accountId } }),
    db.memory.findMany({ where }),
    db.chain.findMany({ where }),
    db.capture.findMany({ where }),
    db.memoryEvent.findMany({ where, orderBy: { seq: 'asc' } }),
  ]);
  return { account, memories, chains, captures, events };
}

type Rows = Awaited<ReturnType<typeof rowsOf>>;

/** What must hold after any writes, in any order. */
function expectIntegrity({ account, memories, chains, events }: Rows): void {
  for (const chain of chains) {
    const versions = memories.filter(({ chainId }) => chainId === chain.id);
    const current = versions.filter(({ knownTo }) => knownTo === null);
    expect(current, `current versions of chain ${chain.id}`).toHaveLength(1);
    expect(current[0]?.validTo).toBeNull();
    for (const old of versions.filter(({ knownTo }) => knownTo !== null)) {
      expect(versions.map(({ id }) => id)).toContain(old.supersededById);
      expect(old.validTo?.getTime()).toBeGreaterThanOrEqual(old.validFrom.getTime());
    }
  }
  expect(memories.every(({ chainId }) => chains.some(({ id }) => id === chainId))).toBe(true);
  expect(events.map(({ seq }) => Number(seq))).toEqual(events.map((_event, i) => i + 1));
  expect(Number(account.lastSeq)).toBe(events.length);
  const created = events.filter(({ kind }) => kind === 'CREATED').map(({ memoryId }) => memoryId);
  expect(created.sort()).toEqual(memories.map(({ id }) => id).sort());
  expect(account.writesUsed).toBe(memories.length);
}

/** The windows of valid time that the versions of one chain cover, in order. */
const windowsOf = ({ memories }: Rows) =>
  [...memories]
    .sort((a, b) => a.validFrom.getTime() - b.validFrom.getTime() || Number(a.createdSeq - b.createdSeq))
    .map(({ validFrom, validTo }) => [validFrom.getTime(), validTo?.getTime() ?? Infinity] as const);

describe('writers of one account', () => {
  it('leave one current version of a fact that 32 of them change at once', async () => {
    const client = await app.newClient({ autoSupersede: true });
    await add(client, 'The office is in Berlin.');
    const cities = Array.from(
      { length: 32 },
      (_, i) => `Newtown${String.fromCharCode(65 + (i % 26), 97 + (i % 7))}${i}`,
    );
    const replies = await Promise.all(cities.map((city) => add(client, `The office is in ${city}.`)));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    const rows = await rowsOf(client);
    expect(rows.memories).toHaveLength(33);
    expectIntegrity(rows);
    const superseded = rows.events.filter(({ kind }) => kind === 'SUPERSEDED');
    expect(superseded.length).toBeGreaterThan(0);
    expect(superseded.length).toBe(rows.memories.filter(({ knownTo }) => knownTo !== null).length);
  });

  it('keep windows that do not overlap when facts of one chain arrive at once and out of order', async () => {
    const client = await app.newClient({ autoSupersede: true });
    await add(client, 'The office is in Berlin.', { recorded_at: '2020-01-01T00:00:00Z' });
    const years = Array.from({ length: 8 }, (_, i) => 2021 + ((i * 5) % 8));
    for (let i = 0; i < years.length; i += 2) {
      await Promise.all(
        years
          .slice(i, i + 2)
          .map((year) => add(client, `The office is in City${year}.`, { recorded_at: `${year}-01-01T00:00:00Z` })),
      );
    }
    const rows = await rowsOf(client);
    expectIntegrity(rows);
    for (const { id } of rows.chains) {
      const windows = windowsOf({ ...rows, memories: rows.memories.filter(({ chainId }) => chainId === id) });
      for (const [i, [, end]] of windows.entries()) expect(end).toBeLessThanOrEqual(windows[i + 1]?.[0] ?? Infinity);
    }
  });

  it('store the same fact once when 16 of them bring it at once', async () => {
    const client = await app.newClient();
    const replies = await Promise.all(Array.from({ length: 16 }, () => add(client, 'Allergic to peanuts.')));
    expect(new Set(replies.map(({ body }) => body.memory_id)).size).toBe(1);
    const rows = await rowsOf(client);
    expect(rows.memories).toHaveLength(1);
    expectIntegrity(rows);
  });

  it('number their events without a gap while some of them are refused', async () => {
    const client = await app.newClient({ plan: 'starter' });
    const replies = await Promise.all(
      Array.from({ length: 24 }, (_, i) => add(client, i % 3 === 0 ? '' : `Fact number ${i}.`)),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(8);
    const rows = await rowsOf(client);
    expect(rows.memories).toHaveLength(8);
    expectIntegrity(rows);
  });

  it('get transaction times that rise with the sequence of their events', async () => {
    const client = await app.newClient();
    await Promise.all(Array.from({ length: 16 }, (_, i) => add(client, `Fact number ${i}.`)));
    const { memories } = await rowsOf(client);
    const bySequence = [...memories].sort((a, b) => Number(a.createdSeq - b.createdSeq));
    const times = bySequence.map(({ knownFrom }) => knownFrom.getTime());
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
});

describe('writers of several accounts', () => {
  it('do not wait for, count for or number each other', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => app.newClient({ autoSupersede: true })));
    await Promise.all(
      clients.flatMap((client) =>
        ['Berlin', 'Munich', 'Hamburg', 'Bremen'].map((city) => add(client, `The office is in ${city}.`)),
      ),
    );
    for (const client of clients) {
      const rows = await rowsOf(client);
      expect(rows.memories).toHaveLength(4);
      expectIntegrity(rows);
    }
  });
});

describe('a rejected write', () => {
  const REJECTED: [what: string, body: object][] = [
    ['that is not valid', { content: 'I ski.', importance_score: 'high' }],
    ['over the quota', { content: 'One too many.' }],
    ['of a conversation over the quota', { messages: [{ role: 'user', content: 'I am Alice. I live in Oslo.' }] }],
  ];

  it.each(REJECTED)('%s leaves no row, no event and no count', async (_what, body) => {
    const client = await app.newClient({ plan: 'starter' });
    await Promise.all(Array.from({ length: 8 }, (_, i) => add(client, `Fact number ${i}.`)));
    const before = await rowsOf(client);
    const { status } = await client.rest('POST', '/agent/memories', body);
    expect([422, 429]).toContain(status);
    expect(await rowsOf(client)).toEqual(before);
  });
});

describe('a write that changes nothing', () => {
  it('leaves no row, no event and no count', async () => {
    const client = await app.newClient();
    await add(client, 'Allergic to peanuts.');
    const before = await rowsOf(client);
    await add(client, 'Allergic to peanuts.');
    await client.rest('POST', '/agent/memories', { messages: [{ role: 'user', content: 'Hello!' }] });
    expect(await rowsOf(client)).toEqual(before);
  });
});

describe('facts that are written at once and were not there before', () => {
  it('replace one another too: of 24 that name one attribute, one is current', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const cities = Array.from({ length: 24 }, (_, i) => `Oslo${i}`);
    const replies = await Promise.all(cities.map((city) => add(client, `Alice lives in ${city}.`)));
    expect(replies.map(({ status }) => status)).toEqual(cities.map(() => 200));
    const rows = await rowsOf(client);
    expectIntegrity(rows);
    expect(rows.memories.filter(({ knownTo }) => knownTo === null)).toHaveLength(1);
    expect(rows.chains).toHaveLength(1);
  });
});
