import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FairQueue } from '../../src/store/fair-queue.js';
import { startApp, type TestApp } from '../support/start-app.js';

describe('a queue', () => {
  /** Who is let in, in order, when all of these have asked while the only place was taken. */
  async function orderOf(names: readonly string[]): Promise<string[]> {
    const queue = new FairQueue(1);
    await queue.enter('first');
    const order: string[] = [];
    const through = names.map((name, i) =>
      queue.enter(name).then(() => {
        order.push(`${name}${i}`);
        queue.leave();
      }),
    );
    queue.leave();
    await Promise.all(through);
    return order;
  }

  it('lets names in by turns, and each in the order in which it asked', async () => {
    expect(await orderOf(['a', 'a', 'a', 'b', 'c', 'b'])).toEqual(['a0', 'b3', 'c4', 'a1', 'b5', 'a2']);
  });

  it('gives out no more places than it has, and all of them', async () => {
    const queue = new FairQueue(2);
    let inside = 0;
    for (let n = 0; n < 5; n++) void queue.enter('a').then(() => (inside += 1));
    await turn();
    expect(inside).toBe(2);
    for (let n = 0; n < 5; n++) queue.leave();
    await turn();
    expect(inside).toBe(5);
    void queue.enter('b').then(() => (inside += 1));
    void queue.enter('b').then(() => (inside += 1));
    void queue.enter('b').then(() => (inside += 1));
    await turn();
    expect(inside).toBe(7);
  });
});

describe('the database', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { PALIMPSEST_POOL_SIZE: '1' } });
  });
  afterAll(() => app.close());

  it('answers who asks for little before all that somebody else has asked for', async () => {
    const [greedy, modest] = [await app.newClient(), await app.newClient()];
    const list = '{ memories(first: 10) { nodes { id } } }';
    await Promise.all([greedy, modest].map((client) => client.graphql(list)));
    let answered = 0;
    const MUCH = 100;
    const asking = Array.from({ length: MUCH }, () => greedy.graphql(list).then(() => (answered += 1)));
    await vi.waitUntil(() => answered > 0, { timeout: 20_000, interval: 1 });
    expect((await modest.graphql(list)).errors).toBeUndefined();
    expect(answered).toBeLessThan(MUCH / 2);
    await Promise.all(asking);
  });
});
