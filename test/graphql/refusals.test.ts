import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { openSocket, operate, type OpenSocket } from '../support/target.js';

let app: TestApp;
let client: Client;
let url: string;

beforeAll(async () => {
  app = await startApp({
    env: { PALIMPSEST_MAX_SUBSCRIPTIONS: '2', PALIMPSEST_STARTER_RATE: '400', PALIMPSEST_PRO_RATE: '400' },
  });
  url = await app.listen();
});
afterAll(() => app.close());

const FITS = '{ planStatus { tier } }';
const FEED = 'subscription { memoryEvents { __typename } }';

async function sendMany(socket: OpenSocket, query: string, count: number, prefix: string): Promise<void> {
  for (let n = 0; n < count; n++) socket.send({ id: `${prefix}${n}`, type: 'subscribe', payload: { query } });
  await socket.next(({ id }) => id === `${prefix}${count - 1}`);
}

async function open(): Promise<OpenSocket> {
  client = await app.newClient();
  return openSocket({ url, key: client.key });
}

describe('a socket whose operations are refused, one after the other', () => {
  it.each([
    ['documents that do not fit the schema', '{ nothing }', 101],
    ['documents that are none', '{', 101],
    ['feeds beyond those that its key may have', FEED, 103],
  ])('is closed with 1008: %s', async (_name, query, count) => {
    const socket = await open();
    await sendMany(socket, query, count - 1, 'a');
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
    socket.send({ id: 'last', type: 'subscribe', payload: { query } });
    expect(await socket.closed).toBe(1008);
  });

  it('stays open where others in between are not', async () => {
    const socket = await open();
    await sendMany(socket, '{ nothing }', 100, 'a');
    expect(await operate(socket, FITS, {}, 'b')).toBe('answered');
    await sendMany(socket, '{ nothing }', 100, 'c');
    expect(await operate(socket, FITS, {}, 'd')).toBe('answered');
    socket.ws.close();
  });

  it('stays open where they came too fast: they may be sent again', async () => {
    const socket = await open();
    await sendMany(socket, FITS, 600, 'a');
    const refused = socket.messages.filter(({ payload }) => JSON.stringify(payload ?? {}).includes('"RATE_LIMITED"'));
    expect(refused.length).toBeGreaterThan(150);
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
    socket.ws.close();
  });
});
