import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertWithinRate, RateLimits } from '../../src/core/rate-limits.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { openSocket } from '../support/feed.js';
import type { WireRefusal } from '../support/wire.js';

const RATE = 4;
const PLAN_STATUS = '{ planStatus { tier } }';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_RATE: String(RATE), PALIMPSEST_PRO_RATE: '0' } });
});
afterAll(() => app.close());

const ask = (client: Client) => client.rest<WireRefusal>('GET', '/plan/status');

async function spend(client: Client, requests: number): Promise<void> {
  for (let n = 0; n < requests; n++) expect((await ask(client)).status).toBe(200);
}

describe('the request rate of a key', () => {
  it('is told with every reply, in the fields of the IETF draft', async () => {
    const client = await app.newClient({ plan: 'starter' });
    const { headers } = await ask(client);
    expect(headers.get('ratelimit-policy')).toBe(`"starter";q=${RATE};w=60`);
    expect(headers.get('ratelimit')).toMatch(new RegExp(`^"starter";r=${RATE - 1};t=(?:60|59|58)$`));
    expect(headers.has('retry-after')).toBe(false);
    expect((await ask(client)).headers.get('ratelimit')).toMatch(new RegExp(`;r=${RATE - 2};`));
  });

  it('refuses what is beyond it, and says how long to wait', async () => {
    const client = await app.newClient({ plan: 'starter' });
    await spend(client, RATE);
    const { status, headers, body } = await ask(client);
    expect(status).toBe(429);
    expect(body).toMatchObject({
      code: 'RATE_LIMITED',
      detail: expect.stringContaining('Too many requests') as string,
    });
    const wait = Number(headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(headers.get('ratelimit')).toBe(`"starter";r=0;t=${wait}`);
  });

  it('is one for both doors', async () => {
    const client = await app.newClient({ plan: 'starter' });
    await spend(client, RATE - 1);
    expect((await client.graphql(PLAN_STATUS)).errors).toBeUndefined();
    const refused = await client.graphql(PLAN_STATUS);
    expect(refused.status).toBe(429);
    expect(refused.errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(refused.data).toBeUndefined();
    expect((await ask(client)).status).toBe(429);
  });

  it('counts operations on a socket too', async () => {
    const client = await app.newClient({ plan: 'starter' });
    await spend(client, RATE);
    const socket = openSocket(await app.listen(), client.key);
    const operation = socket.run(PLAN_STATUS);
    await operation.ended();
    expect(operation.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    await socket.dispose();
  });

  it('is of the key: another key of the account goes on', async () => {
    const client = await app.newClient({ plan: 'starter' });
    const sibling = await app.newClient({ accountId: client.caller.accountId });
    await spend(client, RATE);
    expect((await ask(client)).status).toBe(429);
    expect((await ask(sibling)).status).toBe(200);
  });

  it('is not spent by whoever has no valid key', async () => {
    const client = await app.newClient({ plan: 'starter' });
    for (let n = 0; n < RATE + 1; n++) {
      await client.rest('GET', '/plan/status', undefined, { authorization: `Bearer ${client.key}x` });
    }
    expect((await ask(client)).status).toBe(200);
  });

  it('can be none: then nothing is said of it', async () => {
    const client = await app.newClient({ plan: 'pro' });
    await spend(client, RATE + 2);
    expect([...(await ask(client)).headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
  });

  it('costs no statement', async () => {
    const limited = await app.newClient({ plan: 'starter' });
    const free = await app.newClient({ plan: 'pro' });
    const counted = async (client: Client) => (await app.statementsOf(() => ask(client))).length;
    expect(await counted(limited)).toBe(await counted(free));
  });
});

describe('servers that share a database', () => {
  const limits = () => new RateLimits({ starter: 10 });

  it('add up what each of them counts', async () => {
    const { caller } = await app.newClient({ plan: 'starter' });
    const [one, other] = [limits(), limits()];
    for (let n = 0; n < 6; n++) assertWithinRate(await one.count(caller));
    await one.exchange(app.deps.db);
    assertWithinRate(await other.count(caller)); // has not heard of the six yet
    await other.exchange(app.deps.db);
    expect(await other.count(caller)).toMatchObject({ remaining: 2, isExceeded: false }); // 6 + 1 + this one
    for (let n = 0; n < 2; n++) assertWithinRate(await other.count(caller));
    const refused = await other.count(caller);
    expect(() => assertWithinRate(refused)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }) as Error);
    await other.exchange(app.deps.db);
    await one.count(caller);
    await one.exchange(app.deps.db);
    expect(await one.count(caller)).toMatchObject({ isExceeded: true, remaining: 0 });
  });

  it('lose no count that comes while they exchange', async () => {
    const { caller } = await app.newClient({ plan: 'starter' });
    const one = limits();
    await one.count(caller);
    const exchanging = one.exchange(app.deps.db);
    await one.count(caller);
    await exchanging;
    expect(await one.count(caller)).toMatchObject({ remaining: 7 });
    await one.exchange(app.deps.db);
    expect(await one.count(caller)).toMatchObject({ remaining: 6 });
  });

  it('do so in one statement, whatever the number of keys', async () => {
    const one = limits();
    const clients = await Promise.all(Array.from({ length: 3 }, () => app.newClient({ plan: 'starter' })));
    for (const { caller } of clients) await one.count(caller);
    const exchanged = () =>
      app.statementsOf(
        () => one.exchange(app.deps.db),
        (sql) => sql.includes('rate_windows'),
      );
    expect(await exchanged()).toHaveLength(1);
    expect(await exchanged()).toHaveLength(0);
  });

  it('begin anew when the window ends', async () => {
    const { caller } = await app.newClient({ plan: 'starter' });
    const brief = new RateLimits({ starter: 1 }, 0.2);
    await brief.count(caller);
    await brief.exchange(app.deps.db);
    expect(await brief.count(caller)).toMatchObject({ isExceeded: true });
    await expect.poll(() => brief.count(caller), { interval: 50, timeout: 5_000 }).toMatchObject({ isExceeded: false });
    await brief.exchange(app.deps.db);
    expect(await app.deps.db.rateWindow.findFirst({ where: { apiKeyId: caller.apiKeyId } })).toMatchObject({
      requests: 1n,
    });
  });
});
