import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { listApiKeys, revokeApiKey, updateApiKey } from '../../src/core/accounts.js';
import { startModelServer, type ModelServer, type RecordedRequest } from '../support/model-server.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

interface Payload {
  type: string;
  timestamp: string;
  data: { supersessions: { cursor: string; memory: { text: string } | null; before: { text: string } | null } };
}

type Receiver = ModelServer<Payload>;

const OK = { status: 200, body: '' };
const DOCUMENT = /* GraphQL */ `
  subscription {
    supersessions {
      ... on MemoryEvent {
        cursor
        memory {
          ...Fact
        }
        before {
          ...Fact
        }
      }
    }
  }
  fragment Fact on Memory {
    text
  }
`;

const CREATE = /* GraphQL */ `
  mutation Create($input: CreateWebhookInput!) {
    createWebhook(input: $input) {
      secret
      webhook {
        id
        name
        state
        cursor
      }
    }
  }
`;

const LOG = /* GraphQL */ `
  {
    webhooks {
      id
      state
      disabledReason
      deliveries(first: 100) {
        edges {
          node {
            cursor
            state
            attempts
            responseStatus
            error
          }
        }
      }
    }
  }
`;

interface Hook {
  id: string;
  state: string;
  disabledReason: string | null;
  deliveries: { edges: { node: { cursor: string; state: string; attempts: number; responseStatus: number | null } }[] };
}

let app: TestApp;
const receivers: Receiver[] = [];

const HOSTS = { PALIMPSEST_WEBHOOK_HOSTS: '127.0.0.1', PALIMPSEST_WEBHOOK_RETRY_SECONDS: '1' };

beforeAll(async () => {
  app = await startApp({ env: HOSTS });
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});
afterAll(() => app.close());

async function startReceiver(...replies: Parameters<Receiver['script']>): Promise<Receiver> {
  const receiver = await startModelServer<Payload>();
  receiver.script(...(replies.length > 0 ? replies : [OK]));
  receivers.push(receiver);
  return receiver;
}

async function create(client: Client, receiver: Receiver, input: object = {}) {
  const { data, errors } = await client.graphql<{
    createWebhook: { secret: string; webhook: { id: string; name: string; state: string; cursor: string } };
  }>(CREATE, { input: { url: `${receiver.origin}/hook`, document: DOCUMENT, ...input } });
  expect(errors).toBeUndefined();
  return data.createWebhook;
}

const change = (client: Client, mutation: string, input: object) =>
  client.graphql(
    `mutation ($input: ${mutation === 'replayWebhook' ? 'ReplayWebhookInput' : 'UpdateWebhookInput'}!) { ${mutation}(input: $input) { state cursor } }`,
    { input },
  );

async function hooks(client: Client): Promise<Hook[]> {
  const { data } = await client.graphql<{ webhooks: Hook[] }>(LOG);
  return data.webhooks;
}

/** Where Alice lives now: each call but the first of a client supersedes the one before. */
async function move(client: Client, ...cities: string[]): Promise<void> {
  for (const city of cities) {
    const { status } = await client.rest('POST', '/agent/memories', { content: `Alice lives in ${city}` });
    expect(status).toBe(200);
  }
}

const received = (receiver: Receiver, count: number): Promise<RecordedRequest<Payload>[]> =>
  vi.waitFor(
    () => {
      expect(receiver.requests.length).toBeGreaterThanOrEqual(count);
      return receiver.requests;
    },
    { timeout: 20_000, interval: 20 },
  );

const cities = (requests: readonly RecordedRequest<Payload>[]): string[] =>
  requests.map(({ body }) => body.data.supersessions.memory?.text.split(' ').at(-1) ?? '').sort();

/** The log once it says so. */
const logged = (client: Client, expected: object) =>
  vi.waitFor(async () => expect(await hooks(client)).toMatchObject([expected]), { timeout: 20_000, interval: 50 });

describe('a webhook', () => {
  it('is sent what its document selects of the events that it asks for, signed', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const receiver = await startReceiver();
    const { secret, webhook } = await create(client, receiver);
    expect(webhook).toMatchObject({ name: `127.0.0.1:${receiver.port}`, state: 'ACTIVE' });
    await move(client, 'Berlin', 'Paris');

    const [request] = await received(receiver, 1);
    expect(request?.body).toEqual({
      type: 'memory.superseded',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: {
        supersessions: {
          cursor: expect.stringMatching(/^\d+$/) as string,
          memory: { text: 'Alice lives in Paris' },
          before: { text: 'Alice lives in Berlin' },
        },
      },
    });
    const verifier = new Verifier(secret);
    expect(verifier.verify(request?.raw ?? '', request?.headers as Record<string, string>)).toEqual(request?.body);
    expect(() => verifier.verify(`${request?.raw} `, request?.headers as Record<string, string>)).toThrow();
    await logged(client, {
      id: webhook.id,
      deliveries: { edges: [{ node: { state: 'DELIVERED', attempts: 1, responseStatus: 200, error: null } }] },
    });
    expect(receiver.requests).toHaveLength(1);
  });

  it('is asked again until it answers with success, with the same message id', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const receiver = await startReceiver(
      { status: 500, body: 'no' },
      { status: 302, body: '', headers: { location: '/elsewhere' } },
      OK,
    );
    await create(client, receiver);
    await move(client, 'Berlin', 'Paris');
    const requests = await received(receiver, 3);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await logged(client, { deliveries: { edges: [{ node: { state: 'DELIVERED', attempts: 3 } }] } });
  });

  it('gets a burst whole, each event once', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const receiver = await startReceiver();
    await create(client, receiver);
    const names = Array.from({ length: 12 }, (_, i) => `Town${String(i).padStart(2, '0')}`);
    await move(client, ...names);
    expect(cities(await received(receiver, 11))).toEqual(names.slice(1));
    await vi.waitFor(async () => {
      const [hook] = await hooks(client);
      expect(hook?.deliveries.edges.map(({ node }) => node.state)).toEqual(Array<string>(11).fill('DELIVERED'));
    });
    expect(receiver.requests).toHaveLength(11);
  });

  it('is sent the kinds and topics that its arguments choose', async () => {
    const client = await app.newClient();
    const receiver = await startReceiver();
    await create(client, receiver, {
      document: `subscription {
        memoryEvents(kinds: [CREATED], filter: { topics: ["travel"] }) { ... on MemoryEvent { kind memory { text } } }
      }`,
    });
    for (const topic of ['work', 'travel', 'food'])
      await client.rest('POST', '/agent/memories', { content: `A fact about ${topic}`, topic });
    await received(receiver, 1);
    await logged(client, { deliveries: { edges: [{ node: { state: 'DELIVERED' } }] } });
    expect(receiver.requests.map(({ body }) => body)).toMatchObject([
      { type: 'memory.created', data: { memoryEvents: { kind: 'CREATED', memory: { text: 'A fact about travel' } } } },
    ]);
  });

  it('hears nothing of another account, which does not see it', async () => {
    const [client, stranger] = [
      await app.newClient({ autoSupersede: true }),
      await app.newClient({ autoSupersede: true }),
    ];
    const receiver = await startReceiver();
    const { webhook } = await create(client, receiver);
    await move(stranger, 'Rome', 'Oslo');
    await move(client, 'Berlin', 'Paris');
    expect(cities(await received(receiver, 1))).toEqual(['Paris']);
    expect(await hooks(stranger)).toEqual([]);
    const { errors } = await change(stranger, 'updateWebhook', { webhookId: webhook.id, isPaused: true });
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'webhookId' } }]);
  });

  it('is sent nothing while paused, and all of it once resumed', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const receiver = await startReceiver();
    const { webhook } = await create(client, receiver);
    await change(client, 'updateWebhook', { webhookId: webhook.id, isPaused: true });
    await move(client, 'Berlin', 'Paris', 'Rome');
    expect(await hooks(client)).toMatchObject([{ state: 'PAUSED', deliveries: { edges: [] } }]);
    expect(receiver.requests).toEqual([]);
    await change(client, 'updateWebhook', { webhookId: webhook.id, isPaused: false });
    expect(cities(await received(receiver, 2))).toEqual(['Paris', 'Rome']);
  });

  it('can be sent everything again from a cursor', async () => {
    const client = await app.newClient({ autoSupersede: true });
    await move(client, 'Berlin', 'Paris', 'Rome');
    const receiver = await startReceiver();
    const { webhook } = await create(client, receiver, { after: '0' });
    const first = (await received(receiver, 2)).map(({ headers }) => headers['webhook-id']);
    await logged(client, {
      deliveries: { edges: [{ node: { state: 'DELIVERED' } }, { node: { state: 'DELIVERED' } }] },
    });
    await change(client, 'replayWebhook', { webhookId: webhook.id, after: '0' });
    const all = (await received(receiver, 4)).map(({ headers }) => headers['webhook-id']);
    expect(all.slice(2).sort()).toEqual(first.sort());
  });

  it('is signed with both secrets for a while after a rotation', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const receiver = await startReceiver();
    const { secret, webhook } = await create(client, receiver);
    const { data } = await client.graphql<{ rotateWebhookSecret: { secret: string } }>(
      'mutation ($id: ID!) { rotateWebhookSecret(input: { webhookId: $id }) { secret webhook { state } } }',
      { id: webhook.id },
    );
    await move(client, 'Berlin', 'Paris');
    const [request] = await received(receiver, 1);
    expect(data.rotateWebhookSecret.secret).not.toBe(secret);
    for (const known of [secret, data.rotateWebhookSecret.secret])
      expect(new Verifier(known).verify(request?.raw ?? '', request?.headers as Record<string, string>)).toBeTruthy();
  });

  it('ends with a receiver that is gone, and with its key', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const receiver = await startReceiver({ status: 410, body: '' });
    await create(client, receiver);
    await move(client, 'Berlin', 'Paris');
    await logged(client, { state: 'DISABLED', disabledReason: 'its receiver answered 410 Gone' });

    const owner = await app.newClient({ autoSupersede: true });
    const other = await app.newClient({ accountId: owner.caller.accountId });
    const second = await startReceiver();
    await create(other, second);
    const [key] = (await listApiKeys(app.deps, owner.caller.accountId)).filter(
      ({ id }) => id === other.caller.apiKeyId,
    );
    await revokeApiKey(app.deps, key?.publicId ?? '');
    await move(owner, 'Berlin', 'Paris');
    await logged(owner, { state: 'DISABLED', disabledReason: 'its API key was revoked' });
    expect(second.requests).toEqual([]);
  });

  it('may do what its key may when a message is sent: less than when it was made', async () => {
    const owner = await app.newClient({ autoSupersede: true });
    const { accountId } = owner.caller;
    const follower = await app.newClient({ accountId });
    const receiver = await startReceiver();
    await create(follower, receiver);
    const keys = await listApiKeys(app.deps, accountId);
    const key = keys.find(({ id }) => id === follower.caller.apiKeyId);
    if (!key) throw new Error('the key was just made');
    await updateApiKey(app.deps, key.publicId, { scopes: ['settings'] });
    await move(owner, 'Berlin', 'Paris');
    await logged(follower, { state: 'DISABLED', disabledReason: 'its API key lacks the scope memories:read' });
    expect(receiver.requests).toEqual([]);
  });

  it('of a key that is bound to a tenant hears of that one alone', async () => {
    const owner = await app.newClient({ autoSupersede: true });
    const bound = await app.newClient({ accountId: owner.caller.accountId, boundTenant: 'acme', autoSupersede: true });
    const receiver = await startReceiver();
    await create(bound, receiver);
    await move(owner, 'Berlin', 'Paris');
    await move(bound, 'Rome', 'Oslo');
    expect(cities(await received(receiver, 1))).toEqual(['Oslo']);
    expect((await hooks(bound))[0]?.deliveries.edges).toHaveLength(1);
  });

  it.each([
    ['url', { url: 'http://192.168.0.1/hook' }],
    ['url', { url: 'https://169.254.169.254/latest' }],
    ['url', { url: 'nonsense' }],
    ['document', { document: '{ settings { minConfidence } }' }],
    ['document', { document: 'subscription { planStatusChanged { writesUsed } }' }],
    ['document', { document: 'subscription { answerChanged(input: { question: "Where?" }) { isFirst } }' }],
    ['document', { document: 'subscription { supersessions(after: "1") { __typename } }' }],
    ['document', { document: 'subscription ($a: Cursor) { supersessions(after: $a) { __typename } }' }],
    ['document', { document: 'subscription { supersessions { ... on MemoryEvent { nothing } } }' }],
    ['document', { document: 'subscription {' }],
    ['after', { after: '999999' }],
  ])('refuses a bad %s: %o', async (field, input) => {
    const client = await app.newClient();
    const receiver = await startReceiver();
    const { errors } = await client.graphql(CREATE, { input: { url: receiver.origin, document: DOCUMENT, ...input } });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
    expect(await hooks(client)).toEqual([]);
  });

  it('is removed with its log', async () => {
    const client = await app.newClient();
    const { webhook } = await create(client, await startReceiver());
    const { data } = await client.graphql(
      'mutation ($id: ID!) { deleteWebhook(input: { webhookId: $id }) { webhookId } }',
      {
        id: webhook.id,
      },
    );
    expect(data).toEqual({ deleteWebhook: { webhookId: webhook.id } });
    expect(await hooks(client)).toEqual([]);
  });
});

// A database of its own server would be a new one at the second start.
describe.runIf(inject('testDatabaseUrl') === '')('a server that starts again', () => {
  it('sends what it had not sent', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'palimpsest-webhooks-'));
    const env = { ...HOSTS, PALIMPSEST_DATA_DIR: folder };
    const receiver = await startReceiver({ status: 503, body: '' });
    const first = await startApp({ env });
    try {
      const client = await first.newClient({ autoSupersede: true });
      await create(client, receiver);
      await move(client, 'Berlin', 'Paris');
      await received(receiver, 1);
    } finally {
      await first.close();
    }
    receiver.script(OK);
    const second = await startApp({ env, isReopened: true });
    try {
      expect(cities(await received(receiver, 1))).toEqual(['Paris']);
    } finally {
      await second.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
