import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimits } from '../../src/core/rate-limits.js';
import { list, store } from '../core/bitemporal/through-doors.js';
import { createClock } from '../support/clock.js';
import { followOverSse, openSocket } from '../support/feed.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

const clock = createClock();
const NOON = '2026-03-01T12:00:00.000Z';
const TEN = '2026-03-01T10:00:00.000Z';

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
});
afterAll(() => app.close());
beforeEach(async () => {
  clock.set(NOON);
  client = await app.newClient();
});

interface Known {
  text: string;
  knownFrom: string;
  knownTo: string | null;
  validFrom: string;
}
const known = async (): Promise<Known[]> => {
  const { data } = await client.graphql<{ memories: { nodes: Known[] } }>(
    '{ memories(state: ANY) { nodes { text knownFrom knownTo validFrom } } }',
  );
  return data.memories.nodes;
};

describe('a clock that jumps back', () => {
  it('leaves transaction times rising, and what was written before and after it current', async () => {
    const first = await store(client, 'Alice lives in Berlin.');
    clock.set(TEN);
    await store(client, 'Alice lives in Paris.', { supersedes: first });
    await store(client, 'Bob has a cat.');
    const [bob, paris, berlin] = await known();
    expect([bob?.text, paris?.text, berlin?.text]).toEqual([
      'Bob has a cat.',
      'Alice lives in Paris.',
      'Alice lives in Berlin.',
    ]);
    // The account was made at noon; each write comes a millisecond after the one before it.
    expect(berlin).toMatchObject({ knownFrom: '2026-03-01T12:00:00.001Z', knownTo: paris?.knownFrom });
    expect(paris?.knownFrom).toBe('2026-03-01T12:00:00.002Z');
    expect(bob?.knownFrom).toBe('2026-03-01T12:00:00.003Z');
    // The clock is two hours behind all of it.
    expect(await list(client)).toEqual(['Bob has a cat.', 'Alice lives in Paris.']);
    expect(await list(client, { known: '2026-03-01T12:00:00.001Z' })).toEqual(['Alice lives in Berlin.']);
    const answer = await client.rest<{ answer: string }>('POST', '/agent/query', {
      question: 'Where does Alice live?',
    });
    expect(answer.body.answer).toContain('Paris');
    clock.set('2026-03-01T13:00:00.000Z');
    await store(client, 'Carol has a dog.');
    expect((await known())[0]).toMatchObject({ text: 'Carol has a dog.', knownFrom: '2026-03-01T13:00:00.000Z' });
  });

  it('holds up no feed, and no coming back to one', async () => {
    const first = await store(client, 'Alice lives in Berlin.');
    const url = await app.listen();
    const socket = openSocket(url, client.key);
    const feed = socket.follow();
    await feed.opened();
    clock.set(TEN);
    const second = await store(client, 'Alice lives in Paris.', { supersedes: first });
    await feed.received(1);
    clock.advance(1_000);
    await store(client, 'Alice lives in Rome.', { supersedes: second });
    await feed.received(2);
    expect(feed.texts).toEqual(['Alice lives in Paris.', 'Alice lives in Rome.']);
    const [paris, rome] = feed.events;
    expect((rome?.at ?? '') > (paris?.at ?? '')).toBe(true);
    await socket.dispose();
    const again = followOverSse(url, client.key, { after: paris?.cursor ?? '' });
    await again.received(1);
    expect(again.texts).toEqual(['Alice lives in Rome.']);
    again.stop();
  });
});

describe('the request rate of a key, when the clock of the machine jumps back', () => {
  const caller = { accountId: 'a', apiKeyId: 'k', planTier: 'pro' } as Client['caller'];
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: new Date(NOON) }));
  afterEach(() => vi.useRealTimers());

  it('tells nobody to wait for longer than a window, and lets requests through after one', async () => {
    const rates = new RateLimits({ pro: 1 }, 1);
    await rates.count(caller);
    vi.setSystemTime(new Date(TEN));
    expect(await rates.count(caller)).toMatchObject({ isExceeded: true, resetSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await rates.count(caller)).toMatchObject({ isExceeded: false, remaining: 0 });
  });
});
