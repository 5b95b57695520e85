import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { followEvents } from '../../src/core/follow-events.js';
import { EventTails } from '../../src/store/event-tails.js';
import { Wakeups } from '../../src/store/wakeups.js';
import { openSocket, type Operation, type Socket } from '../support/feed.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let url: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_EVENT_RETENTION_DAYS: '30' } });
  url = await app.listen();
});
afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => socket.dispose()));
});
afterAll(() => app.close());

interface Item {
  __typename: 'FeedOpened' | 'MemoryEvent';
  cursor: string;
  kind: string;
  at: string;
  cause: Record<string, unknown>;
  memory: { id: string; text: string; freshness?: number } | null;
  before: { text: string } | null;
}
type Feed = Operation<{ memoryEvents: Item }>;

const EVENTS = `subscription Events($after: Cursor, $kinds: [EventKind!], $filter: EventFilter) {
  memoryEvents(after: $after, kinds: $kinds, filter: $filter) {
    __typename
    ... on FeedOpened { cursor }
    ... on MemoryEvent {
      cursor kind at cause { apiKeyName source verdict confidence reason } before { text }
      memory { id text timeline { chainLength } audit { history { kind } } }
    }
  }
}`;
const FRESHNESS = `subscription { memoryEvents(kinds: [CREATED]) {
  ... on MemoryEvent { cursor memory { text freshness } }
} }`;

function connect({ key }: { key: string }): Socket {
  const socket = openSocket(url, key);
  sockets.push(socket);
  return socket;
}

const WAIT = { timeout: 20_000, interval: 10 };
const itemsOf = (feed: Feed): Item[] =>
  feed.results.map(({ data, errors }) => {
    expect(errors).toBeUndefined();
    if (!data) throw new Error('a message without data');
    return data.memoryEvents;
  });
const eventsOf = (feed: Feed): Item[] => itemsOf(feed).filter(({ __typename }) => __typename === 'MemoryEvent');

async function opened(feed: Feed): Promise<string> {
  await vi.waitUntil(() => feed.results.length > 0 || feed.isEnded, WAIT);
  return itemsOf(feed)[0]?.cursor ?? '';
}

async function received(feed: Feed, count: number): Promise<Item[]> {
  await vi.waitUntil(() => feed.results.length > count || feed.isEnded, WAIT);
  return eventsOf(feed);
}

async function follow(client: Client, variables: Record<string, unknown> = {}): Promise<Feed> {
  const feed: Feed = connect(client).run(EVENTS, variables);
  await opened(feed);
  return feed;
}

async function write(client: Client, content: string, more: object = {}): Promise<string> {
  const reply = await client.rest<{ memory_id: string }>('POST', '/agent/memories', { content, ...more });
  expect(reply.status).toBe(200);
  return reply.body.memory_id;
}

const refusal = (feed: Operation<unknown>): unknown =>
  (feed.errors as { extensions: object }[] | undefined)?.[0]?.extensions;

describe('a feed of events', () => {
  it('tells what happens, why and to what, in the types of queries', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const feed = await follow(client);
    await write(client, 'Alice lives in Berlin');
    const id = await write(client, 'Alice lives in Paris');
    const ended = await client.rest('POST', `/memories/${id}/supersede`, { valid_to: new Date().toISOString() });
    expect(ended.body).toMatchObject({ status: 'expired' });
    const events = await received(feed, 5);
    expect(events.map(({ kind }) => kind)).toEqual(['CREATED', 'CREATED', 'CLASSIFIED', 'SUPERSEDED', 'EXPIRED']);
    expect(events[3]).toMatchObject({
      cause: { apiKeyName: 'test', source: 'agent', verdict: 'SUPERSEDES' },
      before: { text: 'Alice lives in Berlin' },
      memory: { id, text: 'Alice lives in Paris', timeline: { chainLength: 2 } },
    });
    expect(events[3]?.cause['confidence']).toBeGreaterThan(0.5);
    expect(events[3]?.memory).toHaveProperty('audit.history.0.kind', 'CREATED');
    expect(events[4]?.memory?.id).toBe(id);
    expect(events.map(({ cursor }) => Number(cursor))).toEqual([1, 2, 3, 4, 5]);
    expect(Date.parse(events[4]?.at ?? '')).toBeGreaterThan(Date.parse(events[0]?.at ?? ''));
  });

  it('is narrowed at the server, live as from the table, and its cursor passes what was left out', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const filters = [
      { kinds: ['SUPERSEDED'] },
      { kinds: ['CREATED', 'EXPIRED'], filter: { tenantId: 'acme' } },
      { filter: { tenantId: '' } },
      { filter: { topics: ['Home', 'Work'] } },
      { filter: { topics: ['Work'], sources: ['slack'], tenantId: 'acme' } },
      { kinds: ['RETRACTED'] },
    ];
    const live: Feed[] = [];
    for (const variables of filters) live.push(await follow(client, variables));
    const all = await follow(client);
    for (const tenant_id of [null, 'acme']) {
      for (const [i, topic] of ['Home', 'Work', 'Home'].entries()) {
        await write(client, `The ${topic} of Alice is in ${['Berlin', 'Paris', 'Rome'][i]}`, { tenant_id, topic });
        await write(client, `Bob likes number ${i}`, { tenant_id, topic, source: 'slack' });
      }
    }
    const rows = await app.deps.db.memoryEvent.findMany({
      where: { accountId: client.caller.accountId },
      orderBy: { seq: 'asc' },
    });
    await received(all, rows.length);
    for (const [i, { kinds, filter }] of filters.entries()) {
      const { tenantId, topics, sources } = (filter ?? {}) as Record<string, string | string[] | undefined>;
      const expected = rows.filter(
        (row) =>
          (!kinds || kinds.includes(row.kind)) &&
          (tenantId === undefined || row.tenantId === tenantId) &&
          (!topics || topics.includes(row.topic ?? '')) &&
          (!sources || sources.includes(row.source ?? '')),
      );
      const again = await follow(client, { ...filters[i], after: '0' });
      for (const feed of [live[i], again]) {
        const events = await received(feed as Feed, expected.length);
        expect(events.map(({ cursor }) => cursor)).toEqual(expected.map(({ seq }) => seq.toString()));
      }
    }
    expect(rows.filter(({ kind }) => kind === 'SUPERSEDED').length).toBeGreaterThan(0);
  });

  it.each([
    ['kinds', { kinds: [] }, 'kinds'],
    ['topics', { filter: { topics: [] } }, 'topics'],
    ['a tenant', { filter: { tenantId: 'x'.repeat(200) } }, 'tenantId'],
  ])('refuses unusable %s as INVALID_INPUT', async (_what, variables, field) => {
    const feed = connect(await app.newClient()).run(EVENTS, variables);
    await feed.ended();
    expect(refusal(feed)).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('says that a cursor is from before what feeds reach, instead of leaving anything out', async () => {
    const client = await app.newClient();
    for (const n of [1, 2, 3]) await write(client, `Fact ${n}`);
    const long = new Date(Date.now() - 40 * 86_400_000);
    const { accountId } = client.caller;
    await app.deps.db.memoryEvent.updateMany({ where: { accountId, seq: { lte: 2 } }, data: { createdAt: long } });
    for (const after of ['0', '1']) {
      const feed = connect(client).run(EVENTS, { after });
      await feed.ended();
      expect(refusal(feed)).toMatchObject({ code: 'CURSOR_EXPIRED', field: 'after' });
    }
    expect(await received(await follow(client, { after: '2' }), 1)).toMatchObject([{ cursor: '3' }]);
    await app.deps.db.memoryEvent.updateMany({ where: { accountId }, data: { createdAt: long } });
    expect(eventsOf(await follow(client, { after: '3' }))).toEqual([]); // nothing is missing after the newest
  });

  it('shows nothing of a memory that was deleted since', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const live = await follow(client);
    await write(client, 'Alice lives in Berlin');
    await write(client, 'Alice lives in Paris');
    await received(live, 4);
    const again = await follow(client, { after: '0' });
    expect(JSON.stringify(await received(again, 4))).toContain('Paris');
    await client.rest('DELETE', '/agent/memories');
    await received(live, 5);
    const after = await received(await follow(client, { after: '0' }), 5);
    expect(after).toHaveLength(5);
    expect(JSON.stringify(after)).not.toMatch(/Paris|Berlin/);
  });

  it('shows nothing of a memory whose deletion this node has not heard of yet', async () => {
    const client = await app.newClient();
    const wakeups = new Wakeups(); // to which nobody tells what was written
    const deps = { ...app.deps, tails: new EventTails(app.deps.db, wakeups, () => undefined) };
    const { signal } = new AbortController();
    const live = followEvents(deps, client.caller, {}, { signal });
    await live.next();
    await write(client, 'Alice lives in Berlin', { topic: 'home' });
    wakeups.wake(client.caller.accountId);
    expect((await live.next()).value).toMatchObject({ event: { seq: 1n, topic: 'home' } });
    await client.rest('DELETE', '/agent/memories');
    const later = followEvents(deps, client.caller, { after: '0' }, { signal });
    const items = [await later.next(), await later.next(), await later.next()].map((next) => next.value as unknown);
    await Promise.all([live.return(undefined), later.return(undefined)]);
    expect(items).toMatchObject([
      { kind: 'OPENED', cursor: 0n },
      { event: { seq: 1n, memoryId: null }, view: 1 },
      { event: { seq: 2n, kind: 'DELETED' } },
    ]);
  });
});

describe('a list of memories', () => {
  it('holds what happened up to its cursor, and nothing else, while others write', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const over = new AbortController();
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await write(client, `The limit of team ${i % 5} is ${i} requests`);
      over.abort();
    })();
    const pages: { cursor: string; nodes: { id: string; state: string }[] }[] = [];
    while (!over.signal.aborted) {
      const { data } = await client.graphql<{ memories: (typeof pages)[0] }>(
        '{ memories { cursor nodes { id state } } }',
      );
      pages.push(data.memories);
    }
    await writing;
    const rows = await app.deps.db.memoryEvent.findMany({
      where: { accountId: client.caller.accountId, kind: { in: ['CREATED', 'SUPERSEDED'] } },
      orderBy: { seq: 'asc' },
    });
    expect(new Set(pages.map(({ cursor }) => cursor)).size).toBeGreaterThan(3);
    for (const { cursor, nodes } of pages) {
      const current = new Set<string | null>();
      for (const { seq, kind, memoryId, beforeId } of rows) {
        if (seq > BigInt(cursor)) break;
        if (kind === 'CREATED') current.add(memoryId);
        else current.delete(beforeId);
      }
      expect(new Set(nodes.map(({ id }) => id))).toEqual(current);
      expect(nodes.filter(({ state }) => state !== 'CURRENT')).toEqual([]);
    }
  });
});

describe('an event with a large audience', () => {
  it('costs no more SQL than with a small one', async () => {
    const client = await app.newClient();
    const second = await app.newClient({ accountId: client.caller.accountId });
    const heard = async (feeds: Feed[], count: number): Promise<void> => {
      for (const feed of feeds) await received(feed, count);
    };
    const one = [await follow(client)];
    const alone = await app.statementsOf(async () => {
      await write(client, 'The first fact');
      await heard(one, 1);
    });
    const many = [...one];
    for (let i = 0; i < 20; i++) many.push(await follow(i % 2 === 0 ? client : second, { after: '1' }));
    const together = await app.statementsOf(async () => {
      await write(client, 'The second fact');
      for (const [i, feed] of many.entries()) await received(feed, i === 0 ? 2 : 1);
    });
    expect(together.length).toBeLessThanOrEqual(alone.length);
    expect(new Set(many.map((feed) => JSON.stringify(eventsOf(feed).at(-1)))).size).toBe(1);
  });

  it('looks up where to begin once for many that come together', async () => {
    const client = await app.newClient();
    await write(client, 'A fact');
    const { signal } = new AbortController();
    const feeds = Array.from({ length: 60 }, () => followEvents(app.deps, client.caller, {}, { signal }));
    let opened: unknown[] = [];
    const statements = await app.statementsOf(async () => {
      opened = await Promise.all(feeds.map(async (feed) => (await feed.next()).value as unknown));
    });
    await Promise.all(feeds.map((feed) => feed.return(undefined)));
    expect(opened).toEqual(feeds.map(() => ({ kind: 'OPENED', cursor: 1n })));
    // The first one's, and that of all who asked while it was under way.
    expect(statements.filter((sql) => sql.includes('last_seq'))).toHaveLength(2);
  });

  it('is shown to each key by its own settings', async () => {
    const client = await app.newClient();
    const other = await app.newClient({ accountId: client.caller.accountId });
    await other.rest('PATCH', '/agent/settings', { freshness_half_life_days: 3650 });
    const feeds: Feed[] = [client, other, client, other].map((one) => connect(one).run(FRESHNESS));
    for (const feed of feeds) await vi.waitUntil(() => feed.results.length === 1, WAIT);
    await write(client, 'An old fact', { recorded_at: '2026-01-01T00:00:00Z' });
    const at = new Date(Date.now() - 30 * 86_400_000);
    await app.deps.db.memory.updateMany({
      where: { accountId: client.caller.accountId },
      data: { knownFrom: at, believedFrom: at },
    });
    const later: Feed[] = [client, other, client, other].map((one) =>
      connect(one).run(FRESHNESS.replace('(kinds', '(after: "0", kinds')),
    );
    for (const feed of later) await received(feed, 1);
    const shown = later.map((feed) => feed.results[1]?.data?.memoryEvents.memory?.freshness ?? NaN);
    expect(shown[0]).toBeCloseTo(0.5, 2);
    expect(shown[1]).toBeGreaterThan(0.99);
    expect(shown.slice(2)).toEqual(shown.slice(0, 2));
  });
});

describe('the review inbox, live', () => {
  const PROPOSALS = `subscription ($after: Cursor, $tenantId: String) {
    supersessionProposed(after: $after, tenantId: $tenantId) {
      ... on FeedOpened { cursor }
      ... on SupersessionProposal { at: cursor state confidence old { text } new { text } }
    }
  }`;
  type Proposals = Operation<{ supersessionProposed: Record<string, unknown> }>;
  const messages = (feed: Proposals) => feed.results.map(({ data }) => data?.supersessionProposed);

  it('tells each supersession that is proposed, and resumes', async () => {
    const client = await app.newClient({ autoSupersede: true });
    await client.rest('PATCH', '/agent/settings', { min_confidence: 1 });
    const live: Proposals = connect(client).run(PROPOSALS);
    const elsewhere: Proposals = connect(client).run(PROPOSALS, { tenantId: 'acme' });
    for (const feed of [live, elsewhere]) await vi.waitUntil(() => feed.results.length === 1, WAIT);
    await write(client, 'Alice lives in Berlin');
    await write(client, 'Alice lives in Paris');
    await vi.waitUntil(() => live.results.length === 2, WAIT);
    expect(messages(live)[1]).toMatchObject({
      state: 'OPEN',
      old: { text: 'Alice lives in Berlin' },
      new: { text: 'Alice lives in Paris' },
    });
    const again: Proposals = connect(client).run(PROPOSALS, { after: '0' });
    await vi.waitUntil(() => again.results.length === 2, WAIT);
    expect(messages(again)[1]).toEqual(messages(live)[1]);
    expect(messages(elsewhere)).toEqual([{ cursor: '0' }]);
  });
});

describe('the plan, live', () => {
  const PLAN = 'subscription { planStatusChanged { tier writesUsed writesRemaining isBlocked } }';
  type Plans = Operation<{ planStatusChanged: { tier: string; writesUsed: number } }>;

  it('takes as many SQL statements for many subscribers as for one', async () => {
    const client = await app.newClient();
    const run = (): Plans =>
      connect(client).run('subscription { planStatusChanged { writesUsed tokenUsage { calls } } }');
    const feeds = [run()];
    const statementsOf = (fact: string, told: number): Promise<string[]> =>
      app.statementsOf(async () => {
        await write(client, fact);
        for (const feed of feeds)
          await vi.waitUntil(() => feed.results.at(-1)?.data?.planStatusChanged.writesUsed === told, WAIT);
      });
    for (const feed of feeds) await vi.waitUntil(() => feed.results.length === 1, WAIT);
    const alone = await statementsOf('The first fact', 1);
    for (let i = 0; i < 20; i++) feeds.push(run());
    for (const feed of feeds) await vi.waitUntil(() => feed.results.length >= 1, WAIT);
    const together = await statementsOf('The second fact', 2);
    expect(together.length).toBe(alone.length);
    expect(feeds.map(({ results }) => results.length)).toEqual([3, ...Array.from({ length: 20 }, () => 2)]);
  });

  it('is told at once, and whenever it changed', async () => {
    const client = await app.newClient({ plan: 'starter' });
    const feed: Plans = connect(client).run(PLAN);
    await vi.waitUntil(() => feed.results.length === 1, WAIT);
    await write(client, 'A fact');
    await vi.waitUntil(() => feed.results.length === 2, WAIT);
    await write(client, 'A fact'); // stored already, so that nothing is counted
    await app.deps.db.account.update({ where: { id: client.caller.accountId }, data: { planTier: 'pro' } });
    app.deps.wakeups.wake(client.caller.accountId);
    await vi.waitUntil(() => feed.results.length === 3, WAIT);
    const told = feed.results.map(({ data }) => [data?.planStatusChanged.tier, data?.planStatusChanged.writesUsed]);
    expect(told).toEqual([
      ['starter', 0],
      ['starter', 1],
      ['pro', 1],
    ]);
  });
});
