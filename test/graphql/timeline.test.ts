import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddMemoriesDocument, MemoriesWithTimelinesDocument, TimelineDocument } from '../generated/documents.js';
import { ask } from '../support/ask.js';
import { createClock } from '../support/clock.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

const clock = createClock();
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
});
afterAll(() => app.close());

/** Stores a fact a day after the one before, and gives its id. */
async function store(client: Client, content: string): Promise<string> {
  clock.advance(24 * 60 * 60 * 1000);
  const { addMemories } = await ask(client, AddMemoriesDocument, { input: { content } });
  const [memory] = addMemories.memories;
  if (!memory) throw new Error('nothing was stored');
  return memory.id;
}

/** A client whose Alice lived in Berlin, then in Paris, and lives in Rome; and the ids in that order. */
async function threeVersions(): Promise<{ client: Client; ids: string[] }> {
  const client = await app.newClient({ autoSupersede: true });
  const ids: string[] = [];
  for (const city of ['Berlin', 'Paris', 'Rome']) ids.push(await store(client, `Alice lives in ${city}`));
  return { client, ids };
}

describe('a timeline', () => {
  it('of a fact that was never replaced is that fact', async () => {
    const client = await app.newClient();
    const id = await store(client, 'The office has a green door');
    const { timeline } = await ask(client, TimelineDocument, { memoryId: id });
    expect(timeline).toMatchObject({
      chainLength: 1,
      current: { id },
      entries: [{ id, state: 'CURRENT', isCurrent: true, validTo: null, knownTo: null, supersededBy: null }],
    });
    expect(timeline.entries[0]?.supersedes).toEqual([]);
  });

  it('is the same whichever of its versions is asked for', async () => {
    const { client, ids } = await threeVersions();
    const timelines = await Promise.all(ids.map((memoryId) => ask(client, TimelineDocument, { memoryId })));
    expect(timelines[0]?.timeline.chainLength).toBe(3);
    expect(timelines[1]).toEqual(timelines[0]);
    expect(timelines[2]).toEqual(timelines[0]);
  });

  it('goes from the oldest to the newest, each window ending where the next begins, on both axes', async () => {
    const { client, ids } = await threeVersions();
    const { timeline } = await ask(client, TimelineDocument, { memoryId: ids[0] ?? '' });
    expect(timeline.entries.map(({ id }) => id)).toEqual(ids);
    expect(timeline.entries.map(({ state }) => state)).toEqual(['SUPERSEDED', 'SUPERSEDED', 'CURRENT']);
    expect(timeline.entries.map(({ isCurrent }) => isCurrent)).toEqual([false, false, true]);
    expect(timeline.current).toEqual(timeline.entries[2]);
    const [first, second, third] = timeline.entries;
    expect(first?.validTo).toBe(second?.validFrom);
    expect(second?.validTo).toBe(third?.validFrom);
    expect(first?.knownTo).toBe(second?.knownFrom);
    expect(second?.knownTo).toBe(third?.knownFrom);
    expect([third?.validTo, third?.knownTo]).toEqual([null, null]);
  });

  it('links each version with the one before and the one after', async () => {
    const { client, ids } = await threeVersions();
    const { timeline } = await ask(client, TimelineDocument, { memoryId: ids[0] ?? '' });
    expect(timeline.entries.map(({ supersededBy }) => supersededBy?.id ?? null)).toEqual([ids[1], ids[2], null]);
    expect(timeline.entries.map(({ supersedes }) => supersedes.map(({ id }) => id))).toEqual([[], [ids[0]], [ids[1]]]);
  });

  it('hangs on every memory of a list, and on the versions in it', async () => {
    const { client, ids } = await threeVersions();
    const door = await store(client, 'The office has a green door');
    const { memories } = await ask(client, MemoriesWithTimelinesDocument, { state: 'CURRENT' });
    expect(memories.nodes.map(({ id }) => id)).toEqual([door, ids[2]]);
    const timeline = memories.nodes[1]?.timeline;
    expect(timeline).toMatchObject({ chainLength: 3, current: { id: ids[2] } });
    expect(timeline?.entries.map(({ id }) => id)).toEqual(ids);
    for (const entry of timeline?.entries ?? []) {
      expect(entry.timeline.entries.map(({ text }) => text)).toEqual(
        ['Berlin', 'Paris', 'Rome'].map((city) => `Alice lives in ${city}`),
      );
    }
  });

  it('asked for with each superseded version costs no statement more for three than for one', async () => {
    const { client } = await threeVersions();
    const other = await app.newClient({ autoSupersede: true });
    for (const city of ['Berlin', 'Paris']) await store(other, `Alice lives in ${city}`);
    const superseded = { state: 'SUPERSEDED' } as const;
    await ask(client, MemoriesWithTimelinesDocument, superseded);
    const two = await app.statementsOf(() => ask(client, MemoriesWithTimelinesDocument, superseded));
    const one = await app.statementsOf(() => ask(other, MemoriesWithTimelinesDocument, superseded));
    expect(two.length).toBe(one.length);
  });

  it.each([
    ['not a UUID', 'nonsense', 'INVALID_INPUT'],
    ['nobody has', randomUUID(), 'NOT_FOUND'],
  ])('of an id that is %s is refused', async (_what, memoryId, code) => {
    const client = await app.newClient();
    const { errors } = await client.graphql('query ($id: ID!) { timeline(memoryId: $id) { id } }', { id: memoryId });
    expect(errors).toMatchObject([{ path: ['timeline'], extensions: { code } }]);
  });

  it('of another account is refused', async () => {
    const { ids } = await threeVersions();
    const stranger = await app.newClient();
    const { errors, data } = await stranger.graphql('query ($id: ID!) { timeline(memoryId: $id) { id } }', {
      id: ids[0],
    });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
