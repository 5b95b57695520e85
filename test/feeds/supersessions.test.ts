import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSocket, type Socket } from '../support/feed.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { watchWaits } from '../support/waits.js';

let app: TestApp;
let url: string;
let waits: ReturnType<typeof watchWaits>;
const sockets: Socket[] = [];

beforeAll(async () => {
  app = await startApp();
  waits = watchWaits(app.deps.wakeups);
  url = await app.listen();
});
afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => socket.dispose()));
});
afterAll(() => app.close());

const newClient = (): Promise<Client> => app.newClient({ autoSupersede: true });

function connect({ key }: { key: string }): Socket {
  const socket = openSocket(url, key);
  sockets.push(socket);
  return socket;
}

/** Where Alice lives now: each call but the first of a client supersedes the one before. */
async function move(client: Client, city: string): Promise<void> {
  const { status } = await client.rest('POST', '/agent/memories', { content: `Alice lives in ${city}` });
  expect(status).toBe(200);
}

const livesIn = (...cities: string[]): string[] => cities.map((city) => `Alice lives in ${city}`);

describe('a feed of supersessions', () => {
  it('that was opened before an update says so, and then tells the update with both versions and the timeline', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const feed = connect(client).follow();
    const start = await feed.opened();
    expect(feed.items).toEqual([{ __typename: 'FeedOpened', cursor: start }]);

    await move(client, 'Paris');
    const [event] = await feed.received(1);
    expect(event).toMatchObject({
      kind: 'SUPERSEDED',
      cause: { apiKeyName: 'test', source: 'agent', verdict: 'SUPERSEDES' },
      before: { text: 'Alice lives in Berlin', state: 'SUPERSEDED', supersededBy: { id: event?.memory?.id } },
      memory: {
        text: 'Alice lives in Paris',
        isCurrent: true,
        timeline: {
          chainLength: 2,
          current: { text: 'Alice lives in Paris' },
          entries: [
            { text: 'Alice lives in Berlin', state: 'SUPERSEDED' },
            { text: 'Alice lives in Paris', state: 'CURRENT', validTo: null },
          ],
        },
      },
    });
    const entries = event?.memory?.timeline?.entries;
    expect(entries?.[0]?.validTo).toBe(entries?.[1]?.validFrom);
    expect(event?.cause.confidence).toBeGreaterThan(0.5);
    expect(Number(event?.cursor)).toBeGreaterThan(Number(start));
  });

  it('says nothing of writes that replace nothing', async () => {
    const client = await newClient();
    const feed = connect(client).follow();
    await feed.opened();
    await move(client, 'Berlin');
    await client.rest('POST', '/agent/memories', { content: 'The office has a green door' });
    await move(client, 'Paris');
    await feed.received(1);
    expect(feed.texts).toEqual(livesIn('Paris'));
  });

  it('resumes after a cursor with exactly what was missed, in order, once, and goes on live', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const first = connect(client);
    const feed = first.follow();
    await feed.opened();
    await move(client, 'Paris');
    const [seen] = await feed.received(1);
    await first.dispose();
    for (const city of ['Rome', 'Madrid', 'Vienna']) await move(client, city);

    const after = seen?.cursor ?? '';
    const resumed = connect(client).follow({ after });
    expect(await resumed.opened()).toBe(after);
    await resumed.received(3);
    await move(client, 'Oslo');
    const events = await resumed.received(4);
    expect(resumed.texts).toEqual(livesIn('Rome', 'Madrid', 'Vienna', 'Oslo'));
    const cursors = events.map(({ cursor }) => Number(cursor));
    expect(cursors).toEqual([...new Set(cursors)].sort((a, b) => a - b));
    expect(feed.texts).toEqual(livesIn('Paris'));
  });

  it('followed from the cursor of a list, or of a write, misses nothing that came after it', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const { data } = await client.graphql<{ memories: { cursor: string } }>('{ memories { cursor } }');
    await move(client, 'Paris');
    const written = await client.graphql<{ addMemories: { cursor: string } }>(
      'mutation { addMemories(input: { content: "Alice lives in Rome" }) { cursor } }',
    );
    await move(client, 'Madrid');
    const socket = connect(client);
    const fromList = socket.follow({ after: data.memories.cursor });
    const fromWrite = socket.follow({ after: written.data.addMemories.cursor });
    await fromList.received(3);
    await fromWrite.received(1);
    expect(fromList.texts).toEqual(livesIn('Paris', 'Rome', 'Madrid'));
    expect(fromWrite.texts).toEqual(livesIn('Madrid'));
  });

  it('from cursor 0 tells the whole history', async () => {
    const client = await newClient();
    for (const city of ['Berlin', 'Paris', 'Rome']) await move(client, city);
    const feed = connect(client).follow({ after: '0' });
    await feed.received(2);
    expect(feed.texts).toEqual(livesIn('Paris', 'Rome'));
  });

  it('tells nothing of another account', async () => {
    const [mine, theirs] = [await newClient(), await newClient()];
    const feed = connect(mine).follow();
    const foreign = connect(theirs).follow();
    await feed.opened();
    await foreign.opened();
    for (const client of [mine, theirs]) await move(client, 'Berlin');
    for (const city of ['Paris', 'Rome']) await move(mine, city);
    await feed.received(2);
    await move(theirs, 'Oslo'); // the first thing that the other account hears, so everything before it was not for it
    await foreign.received(1);
    expect(foreign.texts).toEqual(livesIn('Oslo'));
    expect(feed.texts).toEqual(livesIn('Paris', 'Rome'));
  });

  it('tells a second key of the same account', async () => {
    const client = await newClient();
    const second = await app.newClient({ accountId: client.caller.accountId });
    const feed = connect(second).follow();
    await feed.opened();
    for (const city of ['Berlin', 'Paris']) await move(client, city);
    await feed.received(1);
    expect(feed.texts).toEqual(livesIn('Paris'));
  });

  it.each([
    ['that the account has not reached', '999999'],
    ['that is no cursor', 'abc'],
    ['that is negative', '-1'],
  ])('refuses a cursor %s as INVALID_INPUT, and the socket stays', async (_what, after) => {
    const client = await newClient();
    const socket = connect(client);
    const refused = socket.follow({ after });
    await refused.ended();
    expect(refused.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'after' } }]);
    expect(JSON.stringify(refused.errors)).not.toContain('"http"');
    await socket.follow().opened();
    expect(socket.closed).toEqual([]);
  });
});

describe('a WebSocket', () => {
  it.each([
    ['a malformed key', 'aurra_nonsense'],
    ['no key', ''],
  ])('with %s is closed with 4403', async (_what, key) => {
    const socket = connect({ key });
    await socket.follow().ended();
    expect(socket.closed).toMatchObject([{ code: 4403, reason: 'Forbidden' }]);
  });

  it('with a revoked key is closed with 4403', async () => {
    const client = await newClient();
    await app.deps.db.apiKey.updateMany({ where: { id: client.caller.apiKeyId }, data: { revokedAt: new Date() } });
    const socket = connect(client);
    await socket.follow().ended();
    expect(socket.closed).toMatchObject([{ code: 4403 }]);
  });

  it.each([
    ['a syntax error', '{ memories {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ memories { nonsense } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', 'query ($id: ID!) { memory(id: $id) { text } }', 'INVALID_INPUT'],
  ])('answers %s on that operation alone', async (_what, query, code) => {
    const client = await newClient();
    await move(client, 'Berlin');
    const socket = connect(client);
    const feed = socket.follow();
    await feed.opened();
    const wrong = socket.run(query);
    await wrong.ended();
    expect(wrong.errors).toMatchObject([{ extensions: { code } }]);
    await move(client, 'Paris');
    await feed.received(1);
    expect(feed.texts).toEqual(livesIn('Paris'));
    expect(socket.closed).toEqual([]);
  });

  it('carries several feeds, a query and a mutation at once', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const socket = connect(client);
    const [one, two] = [socket.follow(), socket.follow({ after: '0' })];
    await one.opened();
    await two.opened();
    const write = socket.run<{ addMemories: { memories: { text: string }[] } }>(
      'mutation { addMemories(input: { content: "Alice lives in Paris" }) { memories { text } } }',
    );
    await write.ended();
    expect(write.results[0]?.data?.addMemories.memories).toEqual([{ text: 'Alice lives in Paris' }]);
    const list = socket.run<{ memories: { nodes: { text: string }[] } }>('{ memories { nodes { text } } }');
    await list.ended();
    expect(list.results[0]?.data?.memories.nodes).toEqual([{ text: 'Alice lives in Paris' }]);
    await one.received(1);
    await two.received(1);
    one.stop();
    await move(client, 'Rome');
    await two.received(2);
    expect(one.texts).toEqual(livesIn('Paris'));
    expect(two.texts).toEqual(livesIn('Paris', 'Rome'));
  });

  it('masks a bug in an operation as INTERNAL and stays open', async () => {
    const client = await newClient();
    const socket = connect(client);
    const { data } = await client.graphql<{ addMemories: { memories: { id: string }[] } }>(
      'mutation { addMemories(input: { content: "The office has a green door" }) { memories { id } } }',
    );
    await app.deps.db.$executeRaw`ALTER TABLE chains RENAME TO chains_away`;
    try {
      const broken = socket.run('query ($id: ID!) { timeline(memoryId: $id) { id } }', {
        id: data.addMemories.memories[0]?.id,
      });
      await broken.ended();
      expect(broken.errors).toMatchObject([
        { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL' } },
      ]);
    } finally {
      await app.deps.db.$executeRaw`ALTER TABLE chains_away RENAME TO chains`;
    }
    await socket.follow().opened();
    expect(socket.closed).toEqual([]);
  });
});

describe('a client that leaves', () => {
  it.each<[string, (socket: Socket, stop: () => void) => unknown]>([
    ['by completing the operation', (_socket, stop) => stop()],
    ['by closing the socket', (socket) => socket.dispose()],
    ['without a word', (socket) => socket.connection().terminate()],
  ])('%s waits for nothing any more', async (_how, leave) => {
    const client = await newClient();
    await vi.waitUntil(() => waits.count === 0);
    const socket = connect(client);
    const feed = socket.follow();
    await feed.opened();
    await vi.waitUntil(() => waits.count === 1);
    leave(socket, feed.stop);
    await vi.waitUntil(() => waits.count === 0, { timeout: 2_000 }); // sooner than the reader's next look by itself
    await move(client, 'Berlin'); // and nobody is woken who would wait again
    expect(waits.count).toBe(0);
  });
});
