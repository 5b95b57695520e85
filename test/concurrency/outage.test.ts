import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { followOverSse, openSocket } from '../support/feed.js';
import { startModelServer } from '../support/model-server.js';
import { createDatabase, runSql, type OwnDatabase } from '../support/postgres.js';
import { callGraphql, callRest } from '../support/start-app.js';

const SERVER = inject('testDatabaseUrl');

/** A cable between a server and its database, which can be pulled. */
async function startCable(target: URL) {
  const sockets = new Set<Socket>();
  let isPulled = false;
  const server = createServer((near) => {
    if (isPulled) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';
  return {
    url: url.href,
    pull: () => {
      isPulled = true;
      for (const socket of sockets) socket.destroy();
    },
    plug: () => (isPulled = false),
    close: () => server.close(),
  };
}

describe.skipIf(SERVER === '')('a database that goes away and comes back', { timeout: 60_000 }, () => {
  let database: OwnDatabase;
  let cable: Awaited<ReturnType<typeof startCable>>;
  let app: App;
  let url: string;
  let key: string;
  let headers: { authorization: string };
  let caller: { accountId: string };
  const logged: string[] = [];

  beforeAll(async () => {
    database = await createDatabase(SERVER);
    cable = await startCable(new URL(database.url));
    const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
    const env = { PORT: '0', DATABASE_URL: cable.url, PALIMPSEST_WEBHOOK_HOSTS: '127.0.0.1' };
    app = await createApp(readConfig(env), logger, { otherwise: 'SYSTEM' });
    url = await app.listen();
    const { id } = await createAccount(app.deps, { name: 'outage' });
    ({ key } = await createApiKey(app.deps, { name: 'outage', accountId: id, autoSupersedeDefault: true }));
    headers = { authorization: `Bearer ${key}` };
    caller = { accountId: id };
  });
  afterAll(async () => {
    await app.close();
    cable.close();
    await database.drop();
  });

  const write = (content: string) => callRest(app, 'POST', '/agent/memories', { content }, headers);
  const ask = () => callGraphql(app, headers, { query: '{ memories { nodes { text } } }' });

  it('answers 503 with Retry-After at both doors meanwhile, and serves again afterwards without a restart', async () => {
    expect((await write('before')).status).toBe(200);
    cable.pull();
    for (const reply of [await write('lost'), await write('lost too')]) {
      expect(reply).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
      expect(reply.headers.get('retry-after')).toBe('1');
    }
    expect(await ask()).toMatchObject({ status: 503, errors: [{ extensions: { code: 'DATABASE_UNAVAILABLE' } }] });
    expect((await callRest(app, 'GET', '/ready')).status).toBe(503);
    expect((await callRest(app, 'GET', '/health')).status).toBe(200);
    cable.plug();
    await vi.waitFor(async () => expect((await write('after')).status).toBe(200), { timeout: 20_000 });
    expect(await ask()).toMatchObject({
      status: 200,
      data: { memories: { nodes: [{ text: 'after' }, { text: 'before' }] } },
    });
    expect(logged.filter((line) => line.includes('"level":50'))).toEqual([]); // an outage is no bug
  });

  it('delays feeds and webhooks, ends none, and is told to the operator in one line', async () => {
    const receiver = await startModelServer<object>();
    receiver.script({ status: 200, body: '' });
    const document = 'subscription { supersessions { ... on MemoryEvent { cursor } } }';
    const create = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }';
    const variables = { input: { url: `${receiver.origin}/hook`, document } };
    expect(await callGraphql(app, headers, { query: create, variables })).toMatchObject({ status: 200 });
    const stranger = await createApiKey(app.deps, { name: 'not used yet', accountId: caller.accountId });
    const socket = openSocket(url, key);
    const feeds = [socket.follow(), followOverSse(url, key)];
    await Promise.all(feeds.map((feed) => feed.opened()));
    await write('Alice lives in Berlin');

    cable.pull();
    // Opened while the database is away: it begins once that is back.
    const late = socket.follow({ after: '0' });
    const refused = openSocket(url, stranger.key);
    refused.follow();
    await vi.waitUntil(() => refused.closed.length > 0, { timeout: 20_000 });
    expect(refused.closed).toMatchObject([{ code: 1013 }]); // which clients take as "come back"
    expect((await write('Alice lives in Paris')).status).toBe(503);
    await vi.waitUntil(() => logged.length > 0, { timeout: 20_000 }); // work in the background has met it too
    cable.plug();

    await vi.waitFor(async () => expect((await write('Alice lives in Rome')).status).toBe(200), { timeout: 20_000 });
    for (const feed of [...feeds, late]) {
      await feed.received(1);
      expect([feed.error, feed.texts]).toEqual([undefined, ['Alice lives in Rome']]);
    }
    await vi.waitFor(() => expect(receiver.requests).toHaveLength(1), { timeout: 20_000 });
    expect(socket.closed).toEqual([]);
    // Of both outages of this file, which may be taken for one.
    const lines = new Set(logged.map((line) => (JSON.parse(line) as { msg: string }).msg));
    expect([...lines]).toEqual([expect.stringMatching(/^the database can not be reached/)]);
    expect(logged.length).toBeLessThanOrEqual(2);
    await Promise.all([socket.dispose(), refused.dispose(), receiver.close()]);
  });

  it('says so of a write that its database breaks off, and keeps none of it', async () => {
    const [{ pid } = { pid: 0 }] = await app.deps.db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    expect(pid).toBeGreaterThan(0);
    await runSql(
      database.url,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    const replies = await Promise.all(Array.from({ length: 4 }, (_, i) => write(`broken off ${i}`)));
    for (const { status } of replies) expect([200, 503]).toContain(status);
    await vi.waitFor(async () => expect((await write('last')).status).toBe(200), { timeout: 20_000 });
    const rows = await runSql<{ count: string }>(
      database.url,
      "SELECT count(*) FROM memories WHERE text LIKE 'broken off%'",
    );
    expect(Number(rows[0]?.count)).toBe(replies.filter(({ status }) => status === 200).length);
  });
});
