import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApiKeyText } from '../../src/core/rules/api-key.js';
import { startApp, type Client, type RestReply, type TestApp } from '../support/start-app.js';
import { openSocket, type Socket } from '../support/feed.js';

const PLACES = 10;
/** One key alone: the last quarter is for others. */
const ITS_OWN = 8;
const SENT = 100;
const WAIT = { timeout: 20_000, interval: 10 };

let app: TestApp;
let client: Client;
let socket: Socket;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_MAX_REQUESTS: String(PLACES), PALIMPSEST_POOL_SIZE: '1' } });
  client = await app.newClient();
  socket = openSocket(await app.listen(), client.key);
});
afterAll(async () => {
  await socket.dispose();
  await app.close();
});

/** Takes the only connection to the database, until it is let go. */
async function stallDatabase(): Promise<() => Promise<unknown>> {
  let letGo = (): void => undefined;
  const until = new Promise<void>((resolve) => (letGo = resolve));
  let isTaken = false;
  const held = app.deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1`;
    isTaken = true;
    await until;
  });
  await vi.waitUntil(() => isTaken, WAIT);
  return () => {
    letGo();
    return held;
  };
}

const ask = (i: number): Promise<{ status: number; headers?: Headers }> =>
  i % 2 === 0
    ? client.rest('POST', '/agent/memories', { content: `Crate ${i} holds tiles.` })
    : client.graphql('{ planStatus { writesUsed } }');

describe('a server that is asked for more than it does at once', () => {
  it('refuses the rest at once at both doors, and does what it took once it can', async () => {
    const goOn = await stallDatabase();
    const answered: { status: number; headers?: Headers }[] = [];
    const asking = Array.from({ length: SENT }, async (_, i) => void answered.push(await ask(i)));
    // While the database stands still nobody is answered but those who are refused.
    await vi.waitUntil(() => answered.length === SENT - ITS_OWN, WAIT);
    expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([503]));

    const refused: RestReply = await client.rest('GET', '/agent/memories');
    expect(refused).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await client.graphql('{ planStatus { tier } }')).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'OVERLOADED' } }],
    });
    expect((await client.rest('GET', '/health')).status).toBe(200);

    await goOn();
    await Promise.all(asking);
    expect(answered.filter(({ status }) => status === 200)).toHaveLength(ITS_OWN);
    const { body } = await client.rest<{ memories: unknown[] }>('GET', '/agent/memories?limit=100');
    expect(body.memories).toHaveLength(ITS_OWN / 2); // what was refused was not done
    expect((await client.rest('GET', '/ready')).status).toBe(200);
  });

  it('serves others while one key has all that it may', async () => {
    const other = await app.newClient();
    const goOn = await stallDatabase();
    const answered: number[] = [];
    const asking = Array.from({ length: SENT }, async (_, i) => void answered.push((await ask(i)).status));
    await vi.waitUntil(() => answered.length === SENT - ITS_OWN, WAIT);
    const waiting = Array.from({ length: 4 }, async () => (await other.rest('GET', '/plan/status')).status);
    expect(await Promise.race(waiting)).toBe(503); // there are but two
    await goOn();
    expect((await Promise.all(waiting)).sort()).toEqual([200, 200, 503, 503]);
    await Promise.all(asking);
  });

  it('serves those it knows while keys that are made up come without end', async () => {
    await client.rest('GET', '/plan/status');
    const goOn = await stallDatabase();
    const refused: number[] = [];
    const asking = Array.from({ length: SENT }, async () => {
      const headers = { authorization: `Bearer ${createApiKeyText()}` };
      const { status } = await client.rest('GET', '/plan/status', undefined, headers);
      if (status === 503) refused.push(status);
      return status;
    });
    await vi.waitUntil(() => refused.length === SENT - ITS_OWN, WAIT);
    const known = client.rest('GET', '/plan/status');
    await goOn();
    expect((await known).status).toBe(200);
    expect((await Promise.all(asking)).filter((status) => status === 401)).toHaveLength(ITS_OWN);
  });

  it('counts operations of sockets too, and keeps the socket open', async () => {
    const before = socket.run('{ planStatus { tier } }');
    await before.ended();
    const goOn = await stallDatabase();
    let refused = 0;
    const asking = Array.from({ length: PLACES }, async (_, i) => {
      if ((await ask(i)).status === 503) refused += 1;
    });
    // Asked before them, the operation would have a place, and be answered only when the database goes on.
    await vi.waitUntil(() => refused === PLACES - ITS_OWN, WAIT);
    await pause(1_000); // what is known of the key is out of date
    const one = socket.run('{ planStatus { tier } }');
    await one.ended();
    expect(one.errors).toMatchObject([{ extensions: { code: 'OVERLOADED' } }]);
    await goOn();
    await Promise.all(asking);
    const after = socket.run('{ planStatus { tier } }');
    await after.ended();
    expect(after.results).toEqual([{ data: { planStatus: { tier: 'pro' } } }]);
    expect(socket.closed).toEqual([]);
  });
});
