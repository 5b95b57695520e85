import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runOperatorCommand } from '../../src/operator.js';
import { createClock } from '../support/clock.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { refusal, type WireRefusal } from '../support/wire.js';

/**
 * The quota is used up on the 10th of March at noon, by the second write, and each is a millisecond after what was before; reads go
 * on for seven days.
 */
const clock = createClock('2026-03-10T12:00:00.000Z');
const LAST_MOMENT = '2026-03-17T12:00:00.001Z';
const OVER = '2026-03-17T12:00:00.002Z';
const IN_GRACE = { in_grace_period: true, blocked: false };
const BLOCKED = { in_grace_period: false, blocked: true };
const FREE = { in_grace_period: false, blocked: false };

let app: TestApp;
let client: Client;

const env = { PALIMPSEST_STARTER_WRITES: '2', PALIMPSEST_PRO_WRITES: '4', PALIMPSEST_GRACE_DAYS: '7' };
beforeAll(async () => {
  app = await startApp({ env, now: clock.now });
});
afterAll(() => app.close());
beforeEach(async () => {
  clock.set('2026-03-10T12:00:00.000Z');
  client = await app.newClient({ plan: 'starter' });
});

const add = (content: string) => client.rest<WireRefusal>('POST', '/agent/memories', { content });
const plan = async (): Promise<unknown> => (await client.rest('GET', '/plan/status')).body;
const statusOfRead = async (): Promise<number> => (await client.rest('GET', '/agent/memories')).status;
const setPlan = (...options: string[]) =>
  runOperatorCommand(app.deps, ['accounts', 'set-plan', client.caller.accountId, ...options]);
/** What is known of a key lives for a second of real time, within which days pass here. */
function at(now: string): void {
  clock.set(now);
  app.deps.keys.forgetAccount(client.caller.accountId);
}
const useUp = async (): Promise<void> => {
  for (const content of ['Likes tea.', 'Likes milk.']) expect((await add(content)).status).toBe(200);
};

describe('the grace period', () => {
  it('lets reads go on for its days, and writes not', async () => {
    await useUp();
    for (const now of ['2026-03-10T12:00:00.000Z', LAST_MOMENT]) {
      at(now);
      expect(await plan()).toMatchObject(IN_GRACE);
      expect(await statusOfRead()).toBe(200);
      const { status, body } = await add('Likes honey.');
      expect([status, body]).toEqual([429, refusal('QUOTA_EXCEEDED')]);
    }
  });

  it.each([
    ['GET', '/agent/memories'],
    ['POST', '/agent/memories', { content: 'Likes honey.' }],
    ['POST', '/agent/query', { question: 'Who?' }],
    ['GET', '/agent/events'],
  ])('once it is over %s %s is blocked', async (method, path, body?: object) => {
    await useUp();
    at(OVER);
    const reply = await client.rest<WireRefusal>(method, path, body);
    expect([reply.status, reply.body]).toEqual([402, refusal('PLAN_BLOCKED')]);
    expect(reply.body.detail).toContain('the grace period is over');
  });

  it('once it is over says so at both doors, and leaves open what a leaving customer needs', async () => {
    await useUp();
    at(OVER);
    expect(await plan()).toMatchObject({ plan_status: 'active', writes_remaining: 0, ...BLOCKED });
    const { data } = await client.graphql('{ planStatus { isInGracePeriod isBlocked } }');
    expect(data).toEqual({ planStatus: { isInGracePeriod: false, isBlocked: true } });
    const { errors } = await client.graphql('{ memories { nodes { id } } }');
    expect(errors?.[0]?.extensions.code).toBe('PLAN_BLOCKED');
    expect((await client.rest('GET', '/agent/settings')).status).toBe(200);
    expect((await client.rest('DELETE', '/agent/memories')).body).toMatchObject({ deleted_count: 2 });
  });

  it('is counted from the write that used the quota up, not from what was refused since', async () => {
    await useUp();
    at('2026-03-16T12:00:00.000Z');
    expect((await add('Likes honey.')).status).toBe(429);
    at(OVER);
    expect(await plan()).toMatchObject(BLOCKED);
  });

  it('begins with no write that leaves some of the quota', async () => {
    await add('Likes tea.');
    at('2026-03-31T23:59:59.999Z');
    expect(await plan()).toMatchObject(FREE);
    expect(await statusOfRead()).toBe(200);
  });

  it('is over with the month: what was blocked reads and writes again', async () => {
    await useUp();
    at('2026-03-31T23:59:59.999Z');
    expect(await statusOfRead()).toBe(402);
    at('2026-04-01T00:00:00.000Z');
    expect(await plan()).toMatchObject({ writes_used: 0, ...FREE });
    expect(await statusOfRead()).toBe(200);
    await useUpAgain();
    expect(await plan()).toMatchObject({ writes_used: 2, ...IN_GRACE });
    at('2026-04-08T00:00:00.001Z');
    expect(await plan()).toMatchObject(BLOCKED);
  });
  const useUpAgain = async (): Promise<void> => {
    for (const content of ['Likes figs.', 'Likes dates.']) expect((await add(content)).status).toBe(200);
  };

  it('ends with a larger plan; a smaller one begins it anew', async () => {
    await useUp();
    at(OVER);
    await setPlan('--plan', 'pro');
    expect(await plan()).toMatchObject({ plan_tier: 'pro', writes_used: 2, ...FREE });
    expect(await statusOfRead()).toBe(200);
    expect((await add('Likes honey.')).status).toBe(200);
    at('2026-03-20T00:00:00.000Z');
    await setPlan('--plan', 'starter');
    expect(await plan()).toMatchObject({ writes_used: 3, writes_limit: 2, ...IN_GRACE });
    at('2026-03-26T23:59:59.999Z');
    expect(await statusOfRead()).toBe(200);
    at('2026-03-27T00:00:00.000Z');
    expect(await statusOfRead()).toBe(402);
  });

  it('ends a feed that is open once it is over, and says why', async () => {
    await useUp();
    const headers = { authorization: `Bearer ${client.key}` };
    const response = await app.fetch(new Request('http://palimpsest/agent/events', { headers }));
    at(OVER);
    expect(await response.text()).toMatch(/event: feed\.error\ndata: .*"code":"PLAN_BLOCKED"/);
  });
});

describe('without a number of days', () => {
  it('reads are never blocked for a quota that is used up', async () => {
    const endless = await startApp({ env: { PALIMPSEST_STARTER_WRITES: '1' }, now: clock.now });
    const idle = await endless.newClient({ plan: 'starter' });
    await idle.rest('POST', '/agent/memories', { content: 'Likes tea.' });
    clock.set('2026-03-31T23:59:59.999Z');
    expect((await idle.rest('GET', '/plan/status')).body).toMatchObject(IN_GRACE);
    expect((await idle.rest('GET', '/agent/memories')).status).toBe(200);
    await endless.close();
  });
});
