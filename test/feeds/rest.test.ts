import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { revokeApiKey } from '../../src/core/accounts.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { watchWaits } from '../support/waits.js';

let app: TestApp;
let url: string;
let waits: ReturnType<typeof watchWaits>;

beforeAll(async () => {
  app = await startApp({ heartbeatMs: 100, env: { PALIMPSEST_MAX_SUBSCRIPTIONS: '3' } });
  waits = watchWaits(app.deps.wakeups);
  url = await app.listen();
});
afterAll(() => app.close());

const WAIT = { timeout: 10_000, interval: 10 };

interface Message {
  id?: string;
  event?: string;
  data?: string;
  comment?: string;
}

/** The feed with nothing but fetch: every block of lines that came, as its fields. */
async function follow({ key }: { key: string }, query = '', headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${url}/agent/events${query}`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
    signal: leave.signal,
  });
  let text = '';
  const read = async (): Promise<void> => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
  };
  const ended = read().then(
    () => 'ended',
    () => 'cut',
  );
  const messages = (): Message[] => text.split('\n\n').slice(0, -1).map(toMessage);
  const events = () =>
    messages()
      .filter(({ event, data }) => event === undefined && data !== undefined)
      .map(({ id, data }) => ({ id, body: JSON.parse(data ?? '') as Record<string, unknown> }));
  const received = async (count: number) => {
    await vi.waitUntil(() => events().length >= count, WAIT);
    return events();
  };
  const opened = () => vi.waitUntil(() => messages().some(({ event }) => event === 'feed.opened'), WAIT);
  return { response, text: () => text, messages, events, received, opened, ended, leave: () => leave.abort() };
}

const toMessage = (block: string): Message =>
  Object.fromEntries(
    block.split('\n').map((line) => {
      const [, name = '', value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
      return [name || 'comment', value];
    }),
  );

async function write(client: Client, content: string, more: object = {}): Promise<void> {
  expect((await client.rest('POST', '/agent/memories', { content, ...more })).status).toBe(200);
}

describe('GET /agent/events', () => {
  it('200: says that it is on and from where, and then tells each event in the words of the wire', async () => {
    const client = await app.newClient({ autoSupersede: true });
    await write(client, 'Alice lives in Berlin');
    const feed = await follow(client, '?kinds=superseded');
    expect(feed.response.status).toBe(200);
    expect(feed.response.headers.get('content-type')).toBe('text/event-stream');
    await feed.opened();
    expect(feed.messages()[0]).toEqual({ retry: '1000', id: '1', event: 'feed.opened', data: '{"cursor":"1"}' });
    await write(client, 'Alice lives in Paris');
    const [event] = await feed.received(1);
    feed.leave();
    expect(event).toMatchObject({
      id: '4',
      body: {
        cursor: '4',
        event: 'memory.superseded',
        tenant_id: null,
        cause: { api_key: 'test', source: 'agent', verdict: 'supersedes' },
        memory: { decision: 'Alice lives in Paris', temporal: { is_current: true } },
        before: { decision: 'Alice lives in Berlin', temporal: { is_superseded: true } },
      },
    });
    expect(event?.body['superseded_by']).toBe((event?.body['memory'] as { id: string }).id);
  });

  it('resumes after Last-Event-ID, which wins over after, with exactly what was missed', async () => {
    const client = await app.newClient();
    const first = await follow(client, '?after=0');
    for (const n of [1, 2]) await write(client, `Fact ${n}`);
    const seen = (await first.received(2)).at(-1)?.id ?? '';
    first.leave();
    for (const n of [3, 4]) await write(client, `Fact ${n}`);
    const resumed = await follow(client, '?after=0', { 'last-event-id': seen });
    await write(client, 'Fact 5');
    const events = await resumed.received(3);
    resumed.leave();
    expect(events.map(({ id }) => id)).toEqual(['3', '4', '5']);
  });

  it('is narrowed by tenant, topic and source; its heartbeats move the cursor past what was left out', async () => {
    const client = await app.newClient();
    const feed = await follow(client, '?tenant_id=acme&topic=Work&source=slack&source=agent');
    await feed.opened();
    await write(client, 'One', { tenant_id: 'acme', topic: 'Work' });
    await write(client, 'Two', { tenant_id: 'acme', topic: 'Home' });
    await write(client, 'Three', { topic: 'Work' });
    await vi.waitUntil(() => feed.messages().some(({ comment, id }) => comment === 'heartbeat' && id === '3'), WAIT);
    feed.leave();
    expect(feed.events().map(({ id }) => id)).toEqual(['1']);
    const ids = feed.messages().flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it.each([
    ['a cursor that the account has not reached', '?after=999', 'after'],
    ['no cursor', '?after=abc', 'after'],
    ['a kind that there is none of', '?kinds=nonsense', 'kinds.0'],
  ])('422: %s', async (_what, query, field) => {
    const feed = await follow(await app.newClient(), query);
    await feed.ended;
    expect(feed.response.status).toBe(422);
    expect(JSON.parse(feed.text())).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('401: without a key', async () => {
    const feed = await follow({ key: 'aurra_nonsense' });
    await feed.ended;
    expect(feed.response.status).toBe(401);
  });

  it('429: more feeds than a key may have, over all transports; one that left makes room', async () => {
    const client = await app.newClient();
    const feeds = [await follow(client), await follow(client), await follow(client)];
    const more = await follow(client);
    await more.ended;
    expect(more.response.status).toBe(429);
    expect(JSON.parse(more.text())).toMatchObject({
      code: 'RATE_LIMITED',
      detail: expect.stringContaining('PALIMPSEST_MAX_SUBSCRIPTIONS') as string,
    });
    const overGraphql = await client.graphql('subscription { supersessions { __typename } }');
    expect(overGraphql.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    feeds[0]?.leave();
    await vi.waitUntil(() => app.deps.sessions.feedCount === 2, { timeout: 1_000 });
    const again = await follow(client);
    await again.opened();
    for (const feed of [...feeds, again]) feed.leave();
  });

  it('ends, saying why, within a second of the revocation of its key', async () => {
    const client = await app.newClient();
    const feed = await follow(client);
    await feed.opened();
    const [, publicId = ''] = client.key.split('_');
    await revokeApiKey(app.deps, publicId);
    await vi.waitUntil(() => feed.messages().some(({ event }) => event === 'feed.error'), { timeout: 1_000 });
    expect(await feed.ended).toBe('ended');
    expect(JSON.parse(feed.messages().at(-1)?.data ?? '')).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('waits for nothing any more once its client left', async () => {
    const client = await app.newClient();
    await vi.waitUntil(() => waits.count === 0 && app.deps.sessions.feedCount === 0, WAIT);
    const feed = await follow(client);
    await feed.opened();
    await vi.waitUntil(() => waits.count === 1, WAIT);
    feed.leave();
    await vi.waitUntil(() => waits.count === 0 && app.deps.sessions.feedCount === 0, { timeout: 1_000 });
  });
});
