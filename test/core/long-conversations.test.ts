import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireExtracted, WireList } from '../support/wire.js';

const MOST_CHARACTERS = 2_000;
const MOST_FACTS = 5;

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp({
    env: {
      PALIMPSEST_MAX_CONVERSATION_CHARACTERS: String(MOST_CHARACTERS),
      PALIMPSEST_MAX_JUDGED_FACTS: String(MOST_FACTS),
    },
  });
});
afterAll(() => app.close());
beforeEach(async () => {
  client = await app.newClient();
});

const say = (texts: readonly string[], more: object = {}) =>
  client.rest<WireExtracted>('POST', '/agent/memories', {
    messages: texts.map((content) => ({ role: 'user', content })),
    ...more,
  });
const stored = async (): Promise<number> =>
  (await client.rest<WireList>('GET', '/agent/memories')).body.memories.length;
const CITIES = ['Berlin', 'Paris', 'Rome', 'Oslo', 'Madrid', 'Vienna', 'Prague', 'Lisbon'];
const FRIENDS = CITIES.map(
  (city, i) => `My friend ${['Ann', 'Bob', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gil', 'Hal'][i]} lives in ${city}.`,
);

describe('a conversation', () => {
  it('that is longer than is read at once is refused before it is, and taken in parts', async () => {
    const half = 'a'.repeat(MOST_CHARACTERS / 2);
    expect(await say([`${half} `, half])).toMatchObject({
      status: 422,
      body: { code: 'INVALID_INPUT', field: 'messages', detail: expect.stringContaining('in parts') as string },
    });
    expect(await stored()).toBe(0);
    expect((await say([half, half])).status).toBe(200); // exactly so many are read
  });

  it('of more facts than are judged in one write is refused whole where they are judged, and stored where not', async () => {
    const judged = await say(FRIENDS, { auto_supersede: true, session_id: 's' });
    expect(judged).toMatchObject({ status: 422, body: { code: 'INVALID_INPUT', field: 'messages' } });
    expect(await stored()).toBe(0);
    for (const part of [FRIENDS.slice(0, 4), FRIENDS.slice(4)]) {
      expect((await say(part, { auto_supersede: true, session_id: 's' })).status).toBe(200);
    }
    expect(await stored()).toBe(FRIENDS.length);
    expect((await say(FRIENDS, { auto_supersede: false, tenant_id: 'other' })).body.saved_count).toBe(FRIENDS.length);
  });
});
