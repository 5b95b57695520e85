import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../support/clock.js';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireExtracted, WireRefusal } from '../support/wire.js';

interface WirePlan {
  org_id: string;
  plan_tier: string;
  plan_status: string;
  writes_used: number;
  writes_limit: number;
  writes_remaining: number;
  period_start: string;
  in_grace_period: boolean;
  blocked: boolean;
}

const clock = createClock('2026-03-15T12:00:00.000Z');
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_STARTER_WRITES: '3', PALIMPSEST_PRO_WRITES: '500' }, now: clock.now });
});
afterAll(() => app.close());

const status = async (client: Client): Promise<WirePlan> => (await client.rest<WirePlan>('GET', '/plan/status')).body;
const add = (client: Client, content: string) => client.rest('POST', '/agent/memories', { content });

describe('GET /plan/status', () => {
  describe('200', () => {
    it.each([
      ['starter', 3],
      ['pro', 500],
    ] as const)('is the whole documented object for a new %s account', async (plan, limit) => {
      const client = await app.newClient({ plan });
      const reply = await client.rest<WirePlan>('GET', '/plan/status');
      expect(reply.status).toBe(200);
      expect(reply.body).toEqual({
        org_id: client.caller.accountId,
        plan_tier: plan,
        plan_status: 'active',
        writes_used: 0,
        writes_limit: limit,
        writes_remaining: limit,
        period_start: '2026-03-01T00:00:00.000000+00:00',
        in_grace_period: false,
        blocked: false,
      });
    });

    it('counts one write for each memory saved, whichever key of the account saves it', async () => {
      const client = await app.newClient();
      const sibling = await app.newClient({ accountId: client.caller.accountId });
      await add(client, 'Likes chess.');
      const { body } = await sibling.rest<WireExtracted>('POST', '/agent/memories', {
        messages: [{ role: 'user', content: 'I am Alice. I live in Oslo.' }],
        tenant_id: 'acme',
      });
      expect(body.saved_count).toBeGreaterThan(1);
      const used = 1 + body.saved_count;
      for (const key of [client, sibling]) {
        expect(await status(key)).toMatchObject({ writes_used: used, writes_remaining: 500 - used });
      }
    });

    it('counts no read, no question and no refused write', async () => {
      const client = await app.newClient();
      await add(client, 'Likes chess.');
      await client.rest('GET', '/agent/memories');
      await client.rest('POST', '/agent/query', { question: 'What do I like?' });
      await client.rest('POST', '/agent/memories', { content: '' });
      expect(await status(client)).toMatchObject({ writes_used: 1 });
    });

    it('says when the quota is used up: the grace period, in which reads go on', async () => {
      const client = await app.newClient({ plan: 'starter' });
      for (const n of ['one', 'two', 'three']) await add(client, `Fact ${n}.`);
      expect((await add(client, 'Fact four.')).status).toBe(429);
      expect(await status(client)).toMatchObject({
        writes_used: 3,
        writes_remaining: 0,
        in_grace_period: true,
        blocked: false,
      });
    });

    it("does not count another account's writes", async () => {
      const busy = await app.newClient();
      const idle = await app.newClient();
      await add(busy, 'Likes chess.');
      expect(await status(idle)).toMatchObject({ writes_used: 0 });
    });
  });

  describe('401', () => {
    it('refuses a call without a key', async () => {
      const reply = await callRest<WireRefusal>(app, 'GET', '/plan/status');
      expect(reply.status).toBe(401);
      expect(reply.body).toEqual({ detail: 'Not authenticated', code: 'UNAUTHENTICATED' });
    });
  });
});
