import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createClock } from '../../support/clock.js';
import { jsonReply, startOpenAiServer, type OpenAiServer } from '../../support/openai-server.js';
import { startApp, type Client, type RestReply, type TestApp } from '../../support/start-app.js';
import type { WireExtracted } from '../../support/wire.js';
import { list } from './through-doors.js';

// A request is stalled here by a model that does not answer, and by timers that stand still: its server says nothing of it.

const WAIT = { timeout: 20_000, interval: 10 };
const MESSAGES = [{ role: 'user', content: 'I have a cat called Mog' }];
const FACT = {
  message_index: 0,
  quote: 'I have a cat called Mog',
  text: 'User has a cat called Mog',
  topic: 'Pets',
  importance: 5,
  valid_from: null,
};
const CONFLICT = { status: 409, body: { code: 'CONFLICT', field: 'Idempotency-Key' } };

const clock = createClock();
let model: OpenAiServer;
let app: TestApp;
let client: Client;
/** Has the model answer the calls that came so far, oldest first. */
let answers: (() => void)[];

beforeAll(async () => {
  model = await startOpenAiServer();
  app = await startApp({ now: clock.now, env: { LLM_BASE_URL: `${model.origin}/v1`, LLM_MODEL: 'test-model' } });
});
afterAll(async () => {
  await app.close();
  await model.close();
});
beforeEach(async () => {
  clock.set('2026-03-01T12:00:00Z');
  client = await app.newClient();
  answers = [];
  model.script(() => {
    const { body, ...reply } = jsonReply({ facts: [FACT] });
    const asked = new Promise<void>((resolve) => answers.push(resolve));
    return { ...reply, body: '', pieces: [asked, Buffer.from(JSON.stringify(body))] };
  });
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

type Saved = RestReply<WireExtracted>;
const send = (key = 'k', by = client): Promise<Saved> =>
  by.rest('POST', '/agent/memories', { messages: MESSAGES }, { 'idempotency-key': key });
/** Sends it, and waits until the model is asked, of whom so many were asked before. */
async function begin(before = 0, by = client): Promise<{ reply: Promise<Saved> }> {
  const reply = send('k', by);
  await vi.waitUntil(() => answers.length === before + 1, WAIT);
  return { reply };
}
const leasedUntil = async (): Promise<string | undefined> => {
  const row = await app.deps.db.idempotencyKey.findFirst({ where: { accountId: client.caller.accountId } });
  return row?.leasedUntil?.toISOString();
};
/** Five seconds pass for the timers of the server. */
async function renew(): Promise<void> {
  vi.advanceTimersByTime(5_000);
  const wanted = new Date(clock.now().getTime() + 15_000).toISOString();
  await vi.waitUntil(async () => (await leasedUntil()) === wanted, WAIT);
}

describe('a request that takes long', () => {
  it('keeps its key as long as it runs', async () => {
    const first = await begin();
    for (let i = 0; i < 3; i++) {
      clock.advance(10_000);
      await renew();
    }
    expect(await send()).toMatchObject(CONFLICT);
    answers[0]?.();
    const { status, body } = await first.reply;
    expect(status).toBe(200);
    expect((await send()).body).toEqual(body);
    expect(await list(client)).toHaveLength(1);
  });

  it('keeps its key when the clock jumps back', async () => {
    const first = await begin();
    clock.set('2026-03-01T09:00:00Z');
    await renew();
    expect(await send()).toMatchObject(CONFLICT);
    answers[0]?.();
    expect((await first.reply).status).toBe(200);
  });
});

describe('a request of which nothing was heard for fifteen seconds', () => {
  it.each([
    ['later', () => clock.advance(15_001)],
    ['as the clock jumped back meanwhile', () => clock.set('2026-03-01T09:00:00Z')],
  ])('is run by whoever sends it again, %s; if it comes back it is told, and stores nothing', async (_when, pass) => {
    const first = await begin();
    expect(await send()).toMatchObject(CONFLICT);
    pass();
    const second = await begin(1);
    answers[1]?.();
    const { status, body } = await second.reply;
    expect(status).toBe(200);
    answers[0]?.();
    expect(await first.reply).toMatchObject(CONFLICT);
    expect(await list(client)).toHaveLength(1);
    expect((await send()).body).toEqual(body);
  });

  it('does not free the key of the other when it steps back', async () => {
    const first = await begin();
    clock.advance(15_001);
    const second = await begin(1);
    answers[0]?.();
    expect(await first.reply).toMatchObject(CONFLICT);
    expect(await list(client)).toEqual([]);
    expect(await send()).toMatchObject(CONFLICT);
    answers[1]?.();
    expect((await second.reply).status).toBe(200);
    expect(await list(client)).toHaveLength(1);
  });

  it('does not free it when it fails either', async () => {
    const first = await begin();
    clock.advance(15_001);
    const second = await begin(1);
    await app.deps.db.account.update({ where: { id: client.caller.accountId }, data: { writesUsed: 1_000_000_000 } });
    answers[0]?.();
    expect((await first.reply).status).toBe(429);
    expect(await send()).toMatchObject(CONFLICT);
    await app.deps.db.account.update({ where: { id: client.caller.accountId }, data: { writesUsed: 0 } });
    answers[1]?.();
    expect((await second.reply).status).toBe(200);
  });

  it('is told where its key was erased meanwhile', async () => {
    const first = await begin();
    clock.advance(15_001);
    await client.graphql('mutation { eraseSubject(input: { tenantId: "" }) { cursor } }');
    answers[0]?.();
    expect(await first.reply).toMatchObject(CONFLICT);
    expect(await list(client)).toEqual([]);
  });
});

describe('a request of an earlier version, which has no lease', () => {
  it('keeps its key for fifteen minutes', async () => {
    await begin();
    await app.deps.db.$executeRaw`
      UPDATE idempotency_keys SET runner = NULL, leased_until = NULL WHERE account_id = ${client.caller.accountId}::uuid`;
    clock.advance(14 * 60_000);
    expect(await send()).toMatchObject(CONFLICT);
    clock.advance(2 * 60_000);
    const second = await begin(1);
    answers.forEach((answer) => answer());
    expect((await second.reply).status).toBe(200);
    expect(await list(client)).toHaveLength(1);
  });
});

describe.skipIf(inject('testDatabaseUrl') === '')('two that wait for the lock of the account at once', () => {
  it('are one that stores it, and one that is told', async () => {
    const first = await begin();
    clock.advance(15_001);
    const second = await begin(1);
    const { accountId } = client.caller;
    const waiting = async (): Promise<number> => {
      const [row] = await app.deps.db.$queryRaw<{ count: bigint }[]>`
        SELECT count(*) AS count FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'`;
      return Number(row?.count);
    };
    await app.deps.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT id FROM accounts WHERE id = ${accountId}::uuid FOR UPDATE`;
      answers[0]?.();
      await vi.waitUntil(async () => (await waiting()) === 1, WAIT);
      answers[1]?.();
      await vi.waitUntil(async () => (await waiting()) === 2, WAIT);
    });
    const replies = await Promise.all([first.reply, second.reply]);
    expect(replies.map(({ status }) => status)).toEqual([409, 200]);
    expect(await list(client)).toHaveLength(1);
  });
});
