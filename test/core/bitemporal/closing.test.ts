import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../support/clock.js';
import { startApp, type Client, type TestApp } from '../../support/start-app.js';
import { change, list, refusalOf, store, timeline } from './through-doors.js';

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

describe('superseding by hand', () => {
  it('makes one chain of two', async () => {
    const red = await store(client, 'The door is red.');
    const redder = await store(client, 'The door is dark red.', { supersedes: red, validFrom: '2026-03-02T00:00:00Z' });
    const blue = await store(client, 'The door is blue.', { validFrom: '2026-03-04T00:00:00Z' });
    await change(client, 'supersedeMemory', { memoryId: redder, supersededBy: blue, validTo: '2026-03-04T00:00:00Z' });
    const whole = [
      ['The door is red.', '2026-03-01', '2026-03-02', 'SUPERSEDED'],
      ['The door is dark red.', '2026-03-02', '2026-03-04', 'SUPERSEDED'],
      ['The door is blue.', '2026-03-04', null, 'CURRENT'],
    ];
    for (const id of [red, redder, blue]) expect(await timeline(client, id)).toEqual(whole);
    const { accountId } = client.caller;
    expect(await app.deps.db.chain.count({ where: { accountId } })).toBe(1);
  });

  it('through REST says what became of it', async () => {
    const red = await store(client, 'The door is red.');
    const blue = await store(client, 'The door is blue.');
    const replaced = await client.rest('POST', `/memories/${red}/supersede`, { superseded_by: blue });
    expect(replaced).toMatchObject({ status: 200, body: { status: 'superseded', superseded_by: blue } });
    const ended = await client.rest('POST', `/memories/${blue}/supersede`, { valid_to: '2026-12-31T00:00:00Z' });
    expect(ended.body).toMatchObject({ superseded_by: null, valid_to: '2026-12-31T00:00:00.000000+00:00' });
  });

  it.each([
    ['itself', 'INVALID_INPUT supersededBy', (m: Ids) => ({ memoryId: m.now, supersededBy: m.now })],
    ['an earlier version', 'CONFLICT supersededBy', (m: Ids) => ({ memoryId: m.now, supersededBy: m.old })],
    ['a retracted one', 'CONFLICT supersededBy', (m: Ids) => ({ memoryId: m.now, supersededBy: m.retracted })],
    ['an unknown one', 'NOT_FOUND supersededBy', (m: Ids) => ({ memoryId: m.now, supersededBy: randomUUID() })],
    ["another account's", 'FORBIDDEN supersededBy', (m: Ids) => ({ memoryId: m.now, supersededBy: m.foreign })],
    ["another tenant's", 'INVALID_INPUT supersededBy', (m: Ids) => ({ memoryId: m.now, supersededBy: m.tenant })],
    ['nothing, with no end', 'INVALID_INPUT', (m: Ids) => ({ memoryId: m.now })],
    [
      'an end before its beginning',
      'INVALID_INPUT validTo',
      (m: Ids) => ({ memoryId: m.now, validTo: '2001-01-01T00:00:00Z' }),
    ],
    ['a version, though it is closed', 'CONFLICT memoryId', (m: Ids) => ({ memoryId: m.old, supersededBy: m.other })],
    [
      'a version, though it is retracted',
      'CONFLICT memoryId',
      (m: Ids) => ({ memoryId: m.retracted, supersededBy: m.other }),
    ],
    [
      'a version, though it is unknown',
      'NOT_FOUND memoryId',
      (m: Ids) => ({ memoryId: randomUUID(), supersededBy: m.now }),
    ],
    [
      'a version, though it is foreign',
      'FORBIDDEN memoryId',
      (m: Ids) => ({ memoryId: m.foreign, supersededBy: m.now }),
    ],
  ])('by %s is refused: %s', async (_what, refusal, inputOf) => {
    const ids = await everyKind();
    expect(await refusalOf(client, 'supersedeMemory', inputOf(ids))).toBe(refusal);
    const { memoryId, ...ends } = inputOf(ids) as { memoryId: string; supersededBy?: string; validTo?: string };
    const rest = await client.rest('POST', `/memories/${memoryId}/supersede`, {
      superseded_by: ends.supersededBy,
      valid_to: ends.validTo,
    });
    const [code = ''] = refusal.split(' ');
    expect(rest.body).toMatchObject({ code });
    expect(await list(client)).toEqual(['Another fact.', 'Now.']);
  });

  interface Ids {
    old: string;
    now: string;
    retracted: string;
    foreign: string;
    tenant: string;
    other: string;
  }

  async function everyKind(): Promise<Ids> {
    const old = await store(client, 'Before.', { validFrom: '2026-01-01T00:00:00Z' });
    const now = await store(client, 'Now.', { supersedes: old, validFrom: '2026-02-01T00:00:00Z' });
    const retracted = await store(client, 'Never.');
    await change(client, 'retractMemory', { memoryId: retracted, reason: 'wrong' });
    const foreign = await store(await app.newClient(), 'Theirs.');
    const tenant = await store(client, 'Of a tenant.', { tenantId: 'acme' });
    const other = await store(client, 'Another fact.');
    return { old, now, retracted, foreign, tenant, other };
  }
});

describe('retracting', () => {
  it('is refused twice, for unknown and for foreign memories, and without a reason', async () => {
    const id = await store(client, 'Never.');
    const foreign = await store(await app.newClient(), 'Theirs.');
    const retract = (memoryId: string, reason = 'wrong') => refusalOf(client, 'retractMemory', { memoryId, reason });
    expect(await retract(id, ' ')).toBe('INVALID_INPUT reason');
    expect(await retract(id)).toBe('none');
    expect(await retract(id)).toBe('CONFLICT memoryId');
    expect(await retract(foreign)).toBe('FORBIDDEN memoryId');
    expect(await retract(randomUUID())).toBe('NOT_FOUND memoryId');
  });
});

describe('reverting', () => {
  it('writes a new version with the old text, and edits none', async () => {
    const red = await store(client, 'The door is red.');
    clock.set('2026-03-05T12:00:00Z');
    const blue = await store(client, 'The door is blue.', { supersedes: red });
    clock.set('2026-03-09T12:00:00Z');
    const again = await change(client, 'revertSupersession', { memoryId: red, reason: 'The painter was wrong.' });
    expect([red, blue]).not.toContain(again.id);
    expect(await timeline(client, red)).toEqual([
      ['The door is red.', '2026-03-01', '2026-03-05', 'SUPERSEDED'],
      ['The door is blue.', '2026-03-05', '2026-03-09', 'SUPERSEDED'],
      ['The door is red.', '2026-03-09', null, 'CURRENT'],
    ]);
    const { body } = await client.rest<{ history: { event: string }[] }>('GET', `/memories/${again.id}/audit`);
    expect(JSON.stringify(body.history)).toContain('The painter was wrong.');
  });

  it('keeps the replacement where both are true', async () => {
    const red = await store(client, 'The door is red.');
    await store(client, 'The window is blue.', { supersedes: red });
    const again = await change(client, 'revertSupersession', { memoryId: red, keepReplacement: true });
    expect(await list(client)).toEqual(['The door is red.', 'The window is blue.']);
    expect(await timeline(client, again.id)).toHaveLength(1);
  });

  it('is refused for what is not superseded, unknown or foreign', async () => {
    const id = await store(client, 'The door is red.');
    const foreign = await store(await app.newClient(), 'Theirs.');
    const revert = (memoryId: string) => refusalOf(client, 'revertSupersession', { memoryId });
    expect(await revert(id)).toBe('CONFLICT memoryId');
    expect(await revert(foreign)).toBe('FORBIDDEN memoryId');
    expect(await revert(randomUUID())).toBe('NOT_FOUND memoryId');
  });
});

describe('naming the version that a new fact supersedes', () => {
  it('is refused for unknown, foreign and other tenants’ memories', async () => {
    const foreign = await store(await app.newClient(), 'Theirs.');
    const tenant = await store(client, 'Of a tenant.', { tenantId: 'acme' });
    const add = async (supersedes: string) => {
      const { errors } = await client.graphql(
        'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }',
        { input: { content: 'Newer.', supersedes } },
      );
      return `${errors?.[0]?.extensions.code ?? ''} ${errors?.[0]?.extensions.field ?? ''}`;
    };
    expect(await add(randomUUID())).toBe('NOT_FOUND supersedes');
    expect(await add(foreign)).toBe('FORBIDDEN supersedes');
    expect(await add(tenant)).toBe('INVALID_INPUT supersedes');
  });
});

describe('deleting', () => {
  it('leaves an event with ids and a count, and no word of the text in any table', async () => {
    const word = `xylo${randomUUID().slice(0, 8)}`;
    const gone = await store(client, `The secret is ${word}.`, { topic: `topic ${word}`, idempotencyKey: 'k1' });
    const stays = await store(client, 'The door is red.', { supersedes: gone });
    await change(client, 'retractMemory', { memoryId: gone, reason: `because of ${word}` });
    const session = {
      sessionId: 's1',
      messages: [{ role: 'USER', content: `I live in ${word} and I work at ${word}.` }],
    };
    await client.graphql('mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }', {
      input: session,
    });
    expect(await tablesWith(word)).toContain('memories');
    const remove = (input: object) =>
      client.graphql<{ deleteMemories: { deletedCount: number } }>(
        'mutation ($input: DeleteMemoriesInput!) { deleteMemories(input: $input) { deletedCount cursor } }',
        { input },
      );
    expect((await remove({ memoryId: gone })).data.deleteMemories.deletedCount).toBe(1);
    await remove({ sessionId: 's1' });
    expect(await tablesWith(word)).toEqual([]);
    expect(await tablesWith(gone)).toEqual(['memory_events']);
    const events = await app.deps.db.memoryEvent.findMany({
      where: { accountId: client.caller.accountId, kind: 'DELETED' },
    });
    expect(events[0]?.details).toMatchObject({ deletedCount: 1, memoryIds: [gone] });
    expect(await timeline(client, stays)).toHaveLength(1);
    expect((await remove({ memoryId: gone })).errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('through REST takes one tenant only, and an unknown one has nothing to lose', async () => {
    await store(client, 'Of the default tenant.');
    await store(client, 'Of a tenant.', { tenantId: 'acme' });
    const wipe = (query: string) => client.rest('DELETE', `/agent/memories${query}`);
    expect((await wipe('?tenant_id=nobody')).body).toMatchObject({ status: 'deleted', deleted_count: 0 });
    expect((await wipe('?tenant_id=acme')).body).toMatchObject({ deleted_count: 1, tenant_id: 'acme' });
    expect(await list(client)).toEqual(['Of the default tenant.']);
    expect((await wipe('')).body).toMatchObject({ deleted_count: 1, tenant_id: null });
  });

  /** Names of the tables in which any column of any row holds the word. */
  async function tablesWith(word: string): Promise<string[]> {
    const { db } = app.deps;
    const tables = await db.$queryRaw<{ name: string }[]>`
      SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`;
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await db.$queryRawUnsafe<{ hits: bigint }[]>(
        `SELECT count(*) AS hits FROM "${name}" AS t WHERE t::text ILIKE '%' || $1 || '%'`,
        word,
      );
      if (rows[0]?.hits !== 0n) found.push(name);
    }
    return found;
  }
});
