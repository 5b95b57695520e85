import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deliver } from '../../src/webhooks/deliver.js';
import { startModelServer, type ModelServer } from '../support/model-server.js';
import { EventTails } from '../../src/store/event-tails.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

const FEED = /* GraphQL */ `
  subscription {
    memoryEvents(after: "0", kinds: [CREATED]) {
      ... on MemoryEvent {
        cursor
        at
      }
    }
  }
`;

let app: TestApp;
let url: string;
let client: Client;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_WEBHOOK_HOSTS: '127.0.0.1' } });
  url = await app.listen();
  client = await app.newClient();
  for (const name of ['First', 'Second', 'Third'])
    await client.rest('POST', '/agent/memories', { content: `${name} crate holds tiles.` });
  // An instant that no calendar has: nothing can show this event.
  await app.deps.db.$executeRaw`UPDATE memory_events SET created_at = 'infinity' WHERE seq = 2`;
});
afterAll(() => app.close());

/** What a stream of events says until it has said `last`. */
async function readUntil(path: string, init: RequestInit, last: string): Promise<string> {
  const stop = new AbortController();
  const response = await fetch(`${url}${path}`, { ...init, signal: stop.signal });
  let text = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes(last)) {
    const { value, done = true } = (await reader?.read()) ?? {};
    if (done) break;
    text += value ?? '';
  }
  stop.abort();
  return text;
}

describe('an event that can not be shown', () => {
  const authorization = (): Record<string, string> => ({ authorization: `Bearer ${client.key}` });

  it('is passed over by a REST feed, which says so', async () => {
    const told = await readUntil('/agent/events?after=0', { headers: authorization() }, 'Third crate');
    expect(told).toContain('First crate');
    expect(told).toMatch(
      /id: 2\nevent: feed\.skipped\ndata: {"detail":"Something went wrong on our side\.","code":"INTERNAL","cursor":"2"}/,
    );
    expect(told).not.toContain('feed.error');
  });

  it('is an error of its own in a GraphQL feed, which goes on', async () => {
    const headers = { ...authorization(), 'content-type': 'application/json', accept: 'text/event-stream' };
    const body = JSON.stringify({ query: FEED });
    const told = await readUntil('/graphql', { method: 'POST', headers, body }, '"cursor":"3"');
    expect(told).toContain('"cursor":"1"');
    expect(told).toContain('"code":"INTERNAL"');
    expect(told.match(/^event: next$/gm)).toHaveLength(4);
  });
});

describe('a message whose event is read slowly', () => {
  let receiver: ModelServer<object>;
  beforeAll(async () => {
    receiver = await startModelServer<object>();
    receiver.script({ status: 200, body: '' });
  });
  afterAll(() => receiver.close());

  const LOG = '{ webhooks { id deliveries(first: 10) { edges { node { cursor state } } } } }';
  interface Log {
    webhooks: { id: string; deliveries: { edges: { node: { cursor: string; state: string } }[] } }[];
  }

  it('is tried again, and not taken for one that its webhook does not want', async () => {
    const { data, errors } = await client.graphql<{ createWebhook: { webhook: { id: string } } }>(
      'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }',
      {
        input: {
          url: `${receiver.origin}/hook`,
          document: 'subscription { memoryEvents { ... on MemoryEvent { cursor } } }',
        },
      },
    );
    expect(errors).toBeUndefined();
    const message = { accountId: client.caller.accountId, webhookId: data.createWebhook.webhook.id, seq: 3 };
    const post = (to: string, init: RequestInit): Promise<Response> => fetch(to, init);
    await app.deps.db.$executeRaw`
      INSERT INTO webhook_deliveries (account_id, webhook_id, seq, state, created_at)
      SELECT account_id, id, 3, 'PENDING', now() FROM webhooks`;
    // The database takes longer over each event than the reader is patient.
    const db = app.deps.db.$extends({
      query: {
        account: {
          findUniqueOrThrow: async ({ args, query }) => {
            await new Promise((resolve) => setTimeout(resolve, 60));
            return query(args);
          },
        },
      },
    });
    const slowDb = db as unknown as typeof app.deps.db;
    const slow = { ...app.deps, db: slowDb, tails: new EventTails(slowDb, app.deps.wakeups, () => undefined) };
    expect(await deliver(slow, post, message, false, 20)).toBe(false);
    expect(receiver.requests).toHaveLength(0);
    const before = await client.graphql<Log>(LOG);
    expect(before.data.webhooks[0]?.deliveries.edges).toEqual([{ node: { cursor: '3', state: 'PENDING' } }]);

    expect(await deliver(app.deps, post, message, false)).toBe(true);
    await vi.waitFor(() => expect(receiver.requests).toHaveLength(1));
    const after = await client.graphql<Log>(LOG);
    expect(after.data.webhooks[0]?.deliveries.edges).toEqual([{ node: { cursor: '3', state: 'DELIVERED' } }]);
  });
});
