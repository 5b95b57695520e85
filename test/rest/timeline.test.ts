import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import { freshMemory, refusal, type WireMemory, type WireRefusal, type WireSaved } from '../support/wire.js';

interface WireTimeline {
  memory_id: string;
  company_id: string;
  chain_length: number;
  timeline: WireMemory[];
}

let app: TestApp;
let client: Client;
/** Three versions of one fact, as they were written. */
const ids: string[] = [];
let lonelyId: string;
let strangersId: string;

const CITIES = ['Berlin', 'Munich', 'Hamburg'];

async function add(by: Client, content: string, more: object = {}): Promise<string> {
  return (await by.rest<WireSaved>('POST', '/agent/memories', { content, ...more })).body.memory_id;
}

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient({ autoSupersede: true });
  for (const [i, city] of CITIES.entries()) {
    ids.push(await add(client, `The office is in ${city}.`, { recorded_at: `2026-0${i + 1}-01T00:00:00Z` }));
  }
  lonelyId = await add(client, 'Likes chess.');
  strangersId = await add(await app.newClient(), 'The stranger likes opera.');
});
afterAll(() => app.close());

const timelineOf = (id: string, by = client) => by.rest<WireTimeline>('GET', `/memories/${id}/timeline`);
const refuse = (id: string, by = client) => by.rest<WireRefusal>('GET', `/memories/${id}/timeline`);

describe('GET /memories/{memory_id}/timeline', () => {
  describe('200', () => {
    it('is one entry for a fact that never changed', async () => {
      const { status, body } = await timelineOf(lonelyId);
      expect(status).toBe(200);
      expect(body).toEqual({
        memory_id: lonelyId,
        company_id: client.caller.accountId,
        chain_length: 1,
        timeline: [freshMemory({ id: lonelyId, decision: 'Likes chess.' })],
      });
    });

    it.each([0, 1, 2])('is the whole chain in the order of valid time, asked for by version %i', async (version) => {
      const id = ids[version] ?? '';
      const { body } = await timelineOf(id);
      expect(body).toMatchObject({ memory_id: id, chain_length: 3 });
      expect(body.timeline.map((entry) => entry.id)).toEqual(ids);
    });

    it('takes three statements, whatever the number of versions', async () => {
      await timelineOf(lonelyId); // the key is known from here on
      for (const id of [lonelyId, ids[0] ?? '']) {
        expect(await app.statementsOf(() => timelineOf(id))).toHaveLength(3);
      }
    });

    it('has exactly one current version, and each of the others ends where its successor begins', async () => {
      const { timeline } = (await timelineOf(ids[0] ?? '')).body;
      expect(timeline.map(({ temporal }) => temporal.is_current)).toEqual([false, false, true]);
      expect(timeline.map(({ temporal }) => temporal.is_superseded)).toEqual([true, true, false]);
      expect(timeline.map(({ superseded_by: next }) => next)).toEqual([ids[1], ids[2], null]);
      expect(timeline.map(({ valid_from: from }) => from.slice(0, 10))).toEqual([
        '2026-01-01',
        '2026-02-01',
        '2026-03-01',
      ]);
      expect(timeline.map(({ valid_to: to }) => to)).toEqual([timeline[1]?.valid_from, timeline[2]?.valid_from, null]);
    });

    it('takes an id in capitals and gives it back in small letters', async () => {
      const { status, body } = await timelineOf(lonelyId.toUpperCase());
      expect(status).toBe(200);
      expect(body.memory_id).toBe(lonelyId);
    });

    it('puts a fact that is learned late where it belongs', async () => {
      const late = await app.newClient({ autoSupersede: true });
      const newest = await add(late, 'The office is in Hamburg.', { recorded_at: '2026-03-01T00:00:00Z' });
      const older = await add(late, 'The office is in Berlin.', { recorded_at: '2026-01-01T00:00:00Z' });
      const { timeline } = (await timelineOf(older, late)).body;
      expect(timeline.map(({ id }) => id)).toEqual([older, newest]);
      expect(timeline.map(({ temporal }) => temporal.is_current)).toEqual([false, true]);
      expect(timeline[0]).toMatchObject({ superseded_by: newest, valid_to: timeline[1]?.valid_from });
    });
  });

  describe('401', () => {
    it('refuses a call without a key', async () => {
      const { status, body } = await callRest<WireRefusal>(app, 'GET', `/memories/${lonelyId}/timeline`);
      expect(status).toBe(401);
      expect(body.detail).toBe('Not authenticated');
    });
  });

  describe('403', () => {
    it("refuses another account's memory, and says nothing of it", async () => {
      const { status, body } = await refuse(strangersId);
      expect(status).toBe(403);
      expect(body).toEqual(refusal('FORBIDDEN', 'memory_id'));
      expect(JSON.stringify(body)).not.toContain('opera');
    });
  });

  describe('404', () => {
    it('knows no memory with an id that was never given out', async () => {
      const { status, body } = await refuse(randomUUID());
      expect(status).toBe(404);
      expect(body).toEqual(refusal('NOT_FOUND', 'memory_id'));
    });
  });

  describe('422', () => {
    it.each(['mem_abc123', '1', 'null', `${randomUUID()}x`, randomUUID().replaceAll('-', ''), "'%20OR%201=1", '%00'])(
      'refuses %s, which is no UUID',
      async (id) => {
        const { status, body } = await refuse(id);
        expect(status).toBe(422);
        expect(body).toEqual(refusal('INVALID_INPUT', 'memory_id'));
      },
    );
  });
});
