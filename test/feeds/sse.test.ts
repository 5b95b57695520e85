import { print } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SupersessionsDocument } from '../generated/documents.js';
import { followOverSse } from '../support/feed.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { watchWaits } from '../support/waits.js';

let app: TestApp;
let url: string;
let waits: ReturnType<typeof watchWaits>;

beforeAll(async () => {
  app = await startApp();
  waits = watchWaits(app.deps.wakeups);
  url = await app.listen();
});
afterAll(() => app.close());

const newClient = (): Promise<Client> => app.newClient({ autoSupersede: true });

async function move(client: Client, city: string): Promise<void> {
  const { status } = await client.rest('POST', '/agent/memories', { content: `Alice lives in ${city}` });
  expect(status).toBe(200);
}

/** One request for a feed with nothing but fetch, and what came of it so far. */
async function request(headers: Record<string, string>, variables: object = {}) {
  const leave = new AbortController();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query: print(SupersessionsDocument), variables }),
    signal: leave.signal,
  });
  let text = '';
  const read = async (): Promise<void> => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
  };
  const ended = read().catch(() => undefined);
  return { response, received: () => text, ended, leave: () => leave.abort() };
}

describe('a feed over SSE', () => {
  it('is a stream of graphql-sse messages: one that opens it, then one per supersession', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const { response, received, leave } = await request({ authorization: `Bearer ${client.key}` });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await vi.waitUntil(() => received().includes('FeedOpened'), { timeout: 10_000 });
    await move(client, 'Paris');
    await vi.waitUntil(() => received().includes('MemoryEvent'), { timeout: 10_000 });
    leave();
    const messages = received()
      .split('\n\n')
      .filter((message) => message.startsWith('event: next'));
    const bodies = messages.map((message) => JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? '') as unknown);
    expect(bodies).toMatchObject([
      { data: { supersessions: { __typename: 'FeedOpened' } } },
      { data: { supersessions: { __typename: 'MemoryEvent', memory: { text: 'Alice lives in Paris' } } } },
    ]);
  });

  it('tells the graphql-sse client the update with both versions and the timeline', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const feed = followOverSse(url, client.key);
    await feed.opened();
    await move(client, 'Paris');
    const [event] = await feed.received(1);
    feed.stop();
    expect(event).toMatchObject({
      before: { text: 'Alice lives in Berlin', state: 'SUPERSEDED' },
      memory: {
        text: 'Alice lives in Paris',
        timeline: { chainLength: 2, entries: [{ text: 'Alice lives in Berlin' }, { text: 'Alice lives in Paris' }] },
      },
    });
  });

  it('resumes after a cursor with exactly what was missed, in order, once', async () => {
    const client = await newClient();
    await move(client, 'Berlin');
    const first = followOverSse(url, client.key);
    await first.opened();
    await move(client, 'Paris');
    const [seen] = await first.received(1);
    first.stop();
    for (const city of ['Rome', 'Madrid', 'Vienna']) await move(client, city);

    const resumed = followOverSse(url, client.key, { after: seen?.cursor ?? '' });
    await resumed.received(3);
    await move(client, 'Oslo');
    await resumed.received(4);
    resumed.stop();
    expect(resumed.texts).toEqual(['Rome', 'Madrid', 'Vienna', 'Oslo'].map((city) => `Alice lives in ${city}`));
  });

  it('tells nothing of another account', async () => {
    const [mine, theirs] = [await newClient(), await newClient()];
    const foreign = followOverSse(url, theirs.key);
    await foreign.opened();
    for (const city of ['Berlin', 'Paris']) await move(mine, city);
    for (const city of ['Rome', 'Oslo']) await move(theirs, city);
    await foreign.received(1);
    foreign.stop();
    expect(foreign.texts).toEqual(['Alice lives in Oslo']);
  });

  it('refuses a cursor that the account has not reached', async () => {
    const client = await newClient();
    const feed = followOverSse(url, client.key, { after: '999999' });
    await feed.ended();
    expect(feed.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'after' } }]);
  });

  it.each([
    ['no key', {}],
    ['a malformed key', { authorization: 'Bearer aurra_nonsense' }],
  ])('with %s is answered 401', async (_what, headers) => {
    const { response, received, ended } = await request(headers);
    await ended;
    expect(response.status).toBe(401);
    expect(JSON.parse(received())).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('waits for nothing any more once its client left', async () => {
    const client = await newClient();
    await vi.waitUntil(() => waits.count === 0);
    const { received, leave } = await request({ authorization: `Bearer ${client.key}` });
    await vi.waitUntil(() => received().includes('FeedOpened') && waits.count === 1);
    leave();
    await vi.waitUntil(() => waits.count === 0, { timeout: 2_000 }); // sooner than the reader's next look by itself
    await move(client, 'Berlin'); // and nobody is woken who would wait again
    expect(waits.count).toBe(0);
  });
});
