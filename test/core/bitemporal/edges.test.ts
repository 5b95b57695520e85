import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../support/clock.js';
import { startApp, type TestApp } from '../../support/start-app.js';
import { change, list, store, timeline } from './through-doors.js';

const clock = createClock();
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
});
afterAll(() => app.close());

describe('a fact whose announced end has passed', () => {
  it('is stored anew when it is said again', async () => {
    clock.set('2026-03-01T12:00:00Z');
    const client = await app.newClient();
    const first = await store(client, 'Alice is on holiday.');
    await change(client, 'supersedeMemory', { memoryId: first, validTo: '2026-03-10T00:00:00Z' });
    expect(await store(client, 'Alice is on holiday.')).toBe(first);
    clock.set('2026-06-01T12:00:00Z');
    expect(await store(client, 'Alice is on holiday.')).not.toBe(first);
    expect(await list(client)).toEqual(['Alice is on holiday.']);
  });

  it('keeps that end when it is replaced later', async () => {
    clock.set('2026-03-01T12:00:00Z');
    const client = await app.newClient();
    const first = await store(client, 'Alice is on holiday.');
    await change(client, 'supersedeMemory', { memoryId: first, validTo: '2026-03-10T00:00:00Z' });
    clock.set('2026-06-01T12:00:00Z');
    const next = await store(client, 'Alice is at work.');
    await change(client, 'supersedeMemory', { memoryId: first, supersededBy: next });
    expect(await timeline(client, next)).toEqual([
      ['Alice is on holiday.', '2026-03-01', '2026-03-10', 'SUPERSEDED'],
      ['Alice is at work.', '2026-06-01', null, 'CURRENT'],
    ]);
    expect(await list(client, { valid: '2026-04-01T00:00:00Z' })).toEqual([]);
  });
});

describe('a version that was replaced ahead of time', () => {
  it('has ended, and is listed so, when its successor is deleted', async () => {
    clock.set('2026-03-01T12:00:00Z');
    const client = await app.newClient();
    const first = await store(client, 'The shop is open.');
    const next = await store(client, 'The shop is closed.', { supersedes: first, validFrom: '2026-09-01T00:00:00Z' });
    await client.graphql('mutation ($id: ID!) { deleteMemories(input: { memoryId: $id }) { deletedCount } }', {
      id: next,
    });
    expect(await timeline(client, first)).toEqual([['The shop is open.', '2026-03-01', '2026-09-01', 'EXPIRED']]);
    expect(await list(client)).toEqual([]);
    expect(await list(client, {}, 'EXPIRED')).toEqual(['The shop is open.']);
  });
});

describe('a chain in which a version was replaced by hand by one that began earlier', () => {
  it('does not become a circle when a fact is placed between the two', async () => {
    clock.set('2026-03-01T12:00:00Z');
    const client = await app.newClient();
    const early = await store(client, 'The door is red.', { validFrom: '2026-01-01T00:00:00Z' });
    const late = await store(client, 'The door is green.', { validFrom: '2026-02-01T00:00:00Z' });
    await change(client, 'supersedeMemory', { memoryId: late, supersededBy: early });
    await change(client, 'supersedeMemory', { memoryId: early, validTo: '2026-02-20T00:00:00Z' });
    await store(client, 'The door is blue.', { supersedes: early, validFrom: '2026-01-15T00:00:00Z' });
    const rows = await app.deps.db.memory.findMany({ where: { accountId: client.caller.accountId } });
    const path: string[] = [];
    for (let id: string | null = late; id !== null && path.length < 9;) {
      const row = rows.find((one) => one.id === id);
      path.push(row?.text ?? '');
      id = row?.supersededById ?? null;
    }
    expect(path).toEqual(['The door is green.', 'The door is red.', 'The door is blue.']);
    expect(await list(client)).toEqual(['The door is blue.']);
  });
});
