import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../support/clock.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireExtracted, WireList } from '../support/wire.js';

const LIMIT = 20;
const clock = createClock('2026-03-15T12:00:00.000Z');
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_WRITES: String(LIMIT) }, now: clock.now });
});
afterAll(() => app.close());

interface Plan {
  writes_used: number;
  writes_remaining: number;
  period_start: string;
  in_grace_period: boolean;
}

const add = (client: Client, content: string) => client.rest<{ code?: string }>('POST', '/agent/memories', { content });
const plan = async (client: Client): Promise<Plan> => (await client.rest<Plan>('GET', '/plan/status')).body;
const stored = async (client: Client): Promise<number> =>
  (await client.rest<WireList>('GET', '/agent/memories?limit=1000')).body.count;

async function use(client: Client, writes: number): Promise<void> {
  for (let i = 1; i <= writes; i++) await add(client, `Early fact number ${i}.`);
}

describe('the write quota', () => {
  it('is exact under concurrency: of 60 writes at once, the 20 that fit succeed', async () => {
    const client = await app.newClient({ plan: 'starter' });
    const sibling = await app.newClient({ accountId: client.caller.accountId });
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, i) => add(i % 2 === 0 ? client : sibling, `Fact number ${i} of many.`)),
    );
    const refused = replies.filter(({ status }) => status === 429);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect(refused).toHaveLength(40);
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(['QUOTA_EXCEEDED']));
    expect(await plan(client)).toMatchObject({ writes_used: LIMIT, writes_remaining: 0, in_grace_period: true });
    expect(await stored(client)).toBe(LIMIT);
  });

  it('refuses a conversation whose facts are more than what is left, and writes none of them', async () => {
    const client = await app.newClient({ plan: 'starter' });
    await use(client, LIMIT - 1);
    const messages = [{ role: 'user', content: 'I am Alice. I live in Oslo. I work at Acme.' }];
    const { status, body } = await client.rest<{ code: string }>('POST', '/agent/memories', { messages });
    expect(status).toBe(429);
    expect(body.code).toBe('QUOTA_EXCEEDED');
    expect(await plan(client)).toMatchObject({ writes_used: LIMIT - 1, writes_remaining: 1, in_grace_period: false });
    expect(await stored(client)).toBe(LIMIT - 1);
    expect((await add(client, 'The last one that fits.')).status).toBe(200);
  });

  it('takes a conversation whose facts are exactly what is left', async () => {
    const messages = [{ role: 'user', content: 'I am Alice. I live in Oslo.' }];
    const tell = (by: Client) => by.rest<WireExtracted>('POST', '/agent/memories', { messages });
    const facts = (await tell(await app.newClient())).body.saved_count;
    const client = await app.newClient({ plan: 'starter' });
    await use(client, LIMIT - facts);
    expect((await tell(client)).status).toBe(200);
    expect(await plan(client)).toMatchObject({ writes_used: LIMIT, writes_remaining: 0 });
  });

  it('begins anew with the calendar month in UTC', async () => {
    clock.set('2026-03-15T12:00:00.000Z');
    const client = await app.newClient({ plan: 'starter' });
    await use(client, LIMIT);
    clock.set('2026-03-31T23:59:59.999Z');
    expect((await add(client, 'Still in March.')).status).toBe(429);
    clock.set('2026-04-01T00:00:00.000Z');
    const april = '2026-04-01T00:00:00.000000+00:00';
    expect(await plan(client)).toMatchObject({ writes_used: 0, writes_remaining: LIMIT, period_start: april });
    expect((await add(client, 'Now it is April.')).status).toBe(200);
    expect(await plan(client)).toMatchObject({ writes_used: 1, period_start: april, in_grace_period: false });
    expect(await stored(client)).toBe(LIMIT + 1);
  });

  it('is exact across the end of a period: what was used before counts no more, however many write at once', async () => {
    clock.set('2026-05-15T12:00:00.000Z');
    const client = await app.newClient({ plan: 'starter' });
    await use(client, 5);
    clock.set('2026-06-01T00:00:00.000Z');
    const replies = await Promise.all(Array.from({ length: 25 }, (_, i) => add(client, `June fact number ${i}.`)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
  });

  it('does not give a period back when the clock jumps back', async () => {
    clock.set('2026-08-01T00:00:00.000Z');
    const client = await app.newClient({ plan: 'starter' });
    await use(client, LIMIT);
    clock.set('2026-07-31T23:59:00.000Z');
    expect((await add(client, 'Before it began.')).status).toBe(429);
  });

  it('is of the account: another one writes on', async () => {
    const full = await app.newClient({ plan: 'starter' });
    await use(full, LIMIT);
    const other = await app.newClient({ plan: 'starter' });
    expect((await add(other, 'Has a quota of its own.')).status).toBe(200);
  });
});
