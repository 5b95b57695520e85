import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followOverSse, openSocket, type Feed, type FeedEvent, type Socket } from '../support/feed.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

const BURST = 300;
/** So many facts have versions in turn: what a write costs grows with the versions of its own. */
const FACTS = 5;
const TIMEOUT = 180_000;

let app: TestApp;
let url: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  app = await startApp();
  url = await app.listen();
});
afterAll(async () => {
  await Promise.all(sockets.map((socket) => socket.dispose()));
  await app.close();
});

function connect({ key }: Client): Socket {
  const socket = openSocket(url, key);
  sockets.push(socket);
  return socket;
}

const limit = (requests: number): string => `The deployment limit is ${requests} requests`;

/** Which version is replaced is said, and so not judged: that would take most of the time. */
async function write(client: Client, content: string, supersedes?: string): Promise<string> {
  const { status, body } = await client.rest<{ memory_id: string }>('POST', '/agent/memories', { content, supersedes });
  expect(status).toBe(200);
  return body.memory_id;
}

/** Takes a little off the wire now and then. */
async function dawdle(socket: Socket, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    socket.connection().pause();
    await pause(200);
    socket.connection().resume();
    await pause(5);
  }
}

function expectWhole(events: readonly FeedEvent[]): void {
  expect(events.map(({ memory }) => memory?.text)).toEqual(Array.from({ length: BURST }, (_, i) => limit(i + 1)));
  const cursors = events.map(({ cursor }) => Number(cursor));
  expect(cursors).toEqual([...new Set(cursors)].sort((a, b) => a - b));
}

it(`${BURST} supersessions reach fast and slow readers whole and in order`, { timeout: TIMEOUT }, async () => {
  const client = await app.newClient();
  const newest: string[] = [];
  for (let i = 0; i < FACTS; i++) newest.push(await write(client, `Limit ${i} is not known yet`));
  const [sluggish, stalled] = [connect(client), connect(client)];
  const overSse = followOverSse(url, client.key, { isLean: true });
  const fast = connect(client).follow({ isLean: true });
  const slow = sluggish.follow({ isLean: true });
  const late = stalled.follow({ isLean: true });
  const feeds: Feed[] = [overSse, fast, slow, late];
  for (const feed of feeds) await feed.opened();

  stalled.connection().pause();
  const isOver = new AbortController();
  const dawdling = dawdle(sluggish, isOver.signal);
  for (let i = 1; i <= BURST; i++) newest[i % FACTS] = await write(client, limit(i), newest[i % FACTS]);
  await fast.received(BURST, TIMEOUT);
  isOver.abort();
  await dawdling;

  for (const feed of [overSse, fast, slow]) {
    expectWhole(await feed.received(BURST, TIMEOUT));
    feed.stop();
  }

  // Who answers no ping for long is cut off; it resumes from the last event that it got.
  expect(late.events.length).toBeLessThan(BURST);
  stalled.connection().resume();
  const before = await late.received(BURST, TIMEOUT);
  const rest = connect(client).follow({ isLean: true, after: before.at(-1)?.cursor ?? (await late.opened()) });
  expectWhole([...before, ...(await rest.received(BURST - before.length, TIMEOUT))]);

  // And who was not there at all gets the same, from the table.
  expectWhole(await connect(client).follow({ after: '0', isLean: true }).received(BURST, TIMEOUT));
});
