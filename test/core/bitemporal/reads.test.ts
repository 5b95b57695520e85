import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../support/clock.js';
import { startApp, type Client, type TestApp } from '../../support/start-app.js';
import type { WireMemory } from '../../support/wire.js';
import { change, list, store, timeline } from './through-doors.js';

const clock = createClock();
let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
});
afterAll(() => app.close());
beforeEach(async () => {
  clock.set('2026-03-01T12:00:00Z');
  client = await app.newClient();
});

/** Said in March: Berlin since 2020. Learned in April: Paris since 2024. */
async function moved(): Promise<{ berlin: string; paris: string }> {
  const berlin = await store(client, 'Alice lives in Berlin.', { validFrom: '2020-01-01T00:00:00Z' });
  clock.set('2026-04-01T12:00:00Z');
  const paris = await store(client, 'Alice lives in Paris.', { supersedes: berlin, validFrom: '2024-01-01T00:00:00Z' });
  clock.set('2026-05-01T12:00:00Z');
  return { berlin, paris };
}
const MARCH = '2026-03-15T00:00:00Z';
const IN_2022 = '2022-01-01T00:00:00Z';
const IN_2025 = '2025-01-01T00:00:00Z';

describe('a read', () => {
  it('with neither axis shows the current truth as known now', async () => {
    await moved();
    expect(await list(client)).toEqual(['Alice lives in Paris.']);
  });

  it('with valid time alone shows what was true then, by what is known now', async () => {
    await moved();
    expect(await list(client, { valid: IN_2022 })).toEqual(['Alice lives in Berlin.']);
    expect(await list(client, { valid: IN_2025 })).toEqual(['Alice lives in Paris.']);
    expect(await list(client, { valid: '2019-01-01T00:00:00Z' })).toEqual([]);
  });

  it('with transaction time alone shows what was believed current then', async () => {
    await moved();
    expect(await list(client, { known: MARCH })).toEqual(['Alice lives in Berlin.']);
    expect(await list(client, { known: '2026-04-15T00:00:00Z' })).toEqual(['Alice lives in Paris.']);
    expect(await list(client, { known: '2026-01-01T00:00:00Z' })).toEqual([]);
  });

  it('with both shows what was true then by what was known then', async () => {
    const { berlin } = await moved();
    expect(await list(client, { valid: IN_2025, known: MARCH })).toEqual(['Alice lives in Berlin.']);
    expect(await list(client, { valid: IN_2022, known: MARCH })).toEqual(['Alice lives in Berlin.']);
    expect(await timeline(client, berlin, { known: MARCH })).toEqual([
      ['Alice lives in Berlin.', '2020-01-01', null, 'CURRENT'],
    ]);
    expect(await timeline(client, berlin, { valid: IN_2025 })).toEqual([
      ['Alice lives in Paris.', '2024-01-01', null, 'CURRENT'],
    ]);
  });

  it('counts an instant to the window that begins with it, on both axes', async () => {
    const { berlin, paris } = await moved();
    expect(await list(client, { valid: '2024-01-01T00:00:00Z' })).toEqual(['Alice lives in Paris.']);
    expect(await list(client, { valid: '2023-12-31T23:59:59.999Z' })).toEqual(['Alice lives in Berlin.']);
    const rows = await app.deps.db.memory.findMany({ where: { accountId: client.caller.accountId } });
    const written = rows.find(({ id }) => id === paris)?.knownFrom.getTime() ?? 0;
    expect(rows.find(({ id }) => id === berlin)?.knownTo?.getTime()).toBe(written);
    expect(await list(client, { known: new Date(written).toISOString() })).toEqual(['Alice lives in Paris.']);
    expect(await list(client, { known: new Date(written - 1).toISOString() })).toEqual(['Alice lives in Berlin.']);
  });

  it('of one memory gives nothing where it was not valid or not known', async () => {
    const { paris } = await moved();
    const query = 'query ($id: ID!, $asOf: AsOf) { memory(id: $id, asOf: $asOf) { text state validTo } }';
    const ask = (asOf: object) => client.graphql(query, { id: paris, asOf });
    expect((await ask({ known: MARCH })).data).toEqual({ memory: null });
    expect((await ask({ valid: IN_2022 })).data).toEqual({ memory: null });
    expect((await ask({ valid: IN_2025 })).data).toEqual({
      memory: { text: 'Alice lives in Paris.', state: 'CURRENT', validTo: null },
    });
    expect((await client.rest('GET', `/memories/${paris}?transaction_as_of=${MARCH}`)).status).toBe(404);
  });
});

describe('a question about the past', () => {
  const ask = (asOf: object) =>
    client.graphql<{ query: { text: string; memories: { text: string }[] } }>(
      'mutation ($input: QueryInput!) { query(input: $input) { text memories { text } } }',
      { input: { question: 'Where does Alice live?', asOf } },
    );

  it.each([
    ['valid time', { valid: IN_2022 }, 'As of 2022-01-01'],
    ['transaction time', { known: MARCH }, 'As of 2026-03-15'],
    ['both', { valid: IN_2025, known: MARCH }, 'As of 2025-01-01'],
  ])('in %s is answered from that cell, and the answer says so', async (_axis, asOf, opening) => {
    await moved();
    const { text, memories } = (await ask(asOf)).data.query;
    expect(text.startsWith(opening)).toBe(true);
    expect(memories.map((memory) => memory.text)).toEqual(['Alice lives in Berlin.']);
  });

  it('is answered the same on REST; a question about now says nothing of dates', async () => {
    await moved();
    const question = 'Where does Alice live?';
    const past = await client.rest('POST', '/agent/query', { question, as_of: IN_2022 });
    expect(past.body).toMatchObject({ as_of: IN_2022, answer: expect.stringMatching(/^As of 2022-01-01/) as string });
    const now = await client.rest<{ answer: string }>('POST', '/agent/query', { question });
    expect(now.body.answer).not.toMatch(/^As of /);
  });
});

describe('a fact that was never true', () => {
  it('is gone from every instant for who asks now, unlike one that has ended', async () => {
    const ended = await store(client, 'Bob has a cat.', { validFrom: '2025-01-01T00:00:00Z' });
    const never = await store(client, 'Bob has a dog.', { validFrom: '2025-01-01T00:00:00Z' });
    clock.set('2026-04-01T12:00:00Z');
    await change(client, 'supersedeMemory', { memoryId: ended, validTo: '2026-02-01T00:00:00Z' });
    await change(client, 'retractMemory', { memoryId: never, reason: 'It was a neighbour.' });
    expect(await list(client)).toEqual([]);
    expect(await list(client, { valid: '2025-06-01T00:00:00Z' })).toEqual(['Bob has a cat.']);
    expect(await list(client, { known: MARCH })).toEqual(['Bob has a dog.', 'Bob has a cat.']);
    expect(await list(client, { valid: '2025-06-01T00:00:00Z', known: MARCH })).toEqual([
      'Bob has a dog.',
      'Bob has a cat.',
    ]);
    expect(await list(client, {}, 'EXPIRED')).toEqual(['Bob has a cat.']);
    expect(await list(client, {}, 'RETRACTED')).toEqual(['Bob has a dog.']);
    expect(await timeline(client, never)).toEqual([['Bob has a dog.', '2025-01-01', '2025-01-01', 'RETRACTED']]);
    expect(await timeline(client, ended)).toEqual([['Bob has a cat.', '2025-01-01', '2026-02-01', 'EXPIRED']]);
  });

  it('leaves what it had replaced replaced, until that is restored', async () => {
    const { berlin, paris } = await moved();
    await change(client, 'retractMemory', { memoryId: paris, reason: 'A misunderstanding.' });
    expect(await list(client)).toEqual([]);
    await change(client, 'revertSupersession', { memoryId: berlin, validFrom: '2024-01-01T00:00:00Z' });
    expect(await list(client)).toEqual(['Alice lives in Berlin.']);
    expect(await timeline(client, berlin)).toEqual([
      ['Alice lives in Berlin.', '2020-01-01', '2024-01-01', 'SUPERSEDED'],
      ['Alice lives in Paris.', '2024-01-01', '2024-01-01', 'RETRACTED'],
      ['Alice lives in Berlin.', '2024-01-01', null, 'CURRENT'],
    ]);
  });
});

describe('a back-dated fact', () => {
  it('takes its place between two versions, and what was believed before stays readable', async () => {
    const { berlin } = await moved();
    const before = '2026-05-15T00:00:00Z';
    clock.set('2026-06-01T12:00:00Z');
    await store(client, 'Alice lives in Rome.', { supersedes: berlin, validFrom: '2022-01-01T00:00:00Z' });
    expect(await timeline(client, berlin)).toEqual([
      ['Alice lives in Berlin.', '2020-01-01', '2022-01-01', 'SUPERSEDED'],
      ['Alice lives in Rome.', '2022-01-01', '2024-01-01', 'SUPERSEDED'],
      ['Alice lives in Paris.', '2024-01-01', null, 'CURRENT'],
    ]);
    expect(await list(client)).toEqual(['Alice lives in Paris.']);
    expect(await list(client, { valid: '2023-01-01T00:00:00Z' })).toEqual(['Alice lives in Rome.']);
    expect(await list(client, { valid: '2023-01-01T00:00:00Z', known: before })).toEqual(['Alice lives in Berlin.']);
    expect(await timeline(client, berlin, { known: before })).toEqual([
      ['Alice lives in Berlin.', '2020-01-01', '2024-01-01', 'SUPERSEDED'],
      ['Alice lives in Paris.', '2024-01-01', null, 'CURRENT'],
    ]);
  });

  it('through REST is dated by recorded_at, never its transaction time', async () => {
    const saved = await client.rest<{ memory_id: string }>('POST', '/agent/memories', {
      content: 'Bob has a cat.',
      recorded_at: '2020-01-01T00:00:00Z',
    });
    const row = await app.deps.db.memory.findFirstOrThrow({ where: { id: saved.body.memory_id } });
    expect(row.validFrom.toISOString()).toBe('2020-01-01T00:00:00.000Z');
    expect(row.knownFrom.getTime()).toBeGreaterThanOrEqual(clock.now().getTime());
  });
});

describe('an end that is announced', () => {
  it('leaves the fact current until it comes, with no write at that instant', async () => {
    const id = await store(client, 'The offer stands.');
    await change(client, 'supersedeMemory', { memoryId: id, validTo: '2026-04-01T00:00:00Z' });
    expect(await list(client)).toEqual(['The offer stands.']);
    expect(await timeline(client, id)).toEqual([['The offer stands.', '2026-03-01', '2026-04-01', 'CURRENT']]);
    clock.set('2026-04-01T00:00:00Z');
    expect(await list(client)).toEqual([]);
    expect(await list(client, {}, 'EXPIRED')).toEqual(['The offer stands.']);
    expect(await list(client, { known: MARCH })).toEqual(['The offer stands.']);
    expect(await list(client, { known: '2026-04-02T00:00:00Z' })).toEqual([]);
    const { body } = await client.rest<WireMemory>('GET', `/memories/${id}`);
    expect(body).toMatchObject({
      temporal: { is_expired: true, transaction_time_end: '2026-04-01T00:00:00.000000+00:00' },
    });
  });
});
