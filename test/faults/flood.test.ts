import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { SocketConnection } from '../../src/socket-connection.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { openSocket } from '../support/target.js';

const SENT = 300;
const WAIT = { timeout: 20_000, interval: 10 };

let app: TestApp;
let client: Client;
let url: string;

/** Called with each line of the log, of which each request has one. */
let answered = (): unknown => undefined;
const logger = createLogger('debug', {
  destination: {
    write: (line) => {
      if (line.includes('answered')) answered();
    },
  },
});

beforeAll(async () => {
  app = await startApp({ logger });
  client = await app.newClient();
  url = await app.listen();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => app.close());

/** Names the turn of the event loop that it is called in, while `work` is done. */
async function inTurns(work: (turn: () => number) => Promise<unknown>): Promise<void> {
  let turn = 0;
  let isDone = false;
  const count = (): void => {
    turn += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await work(() => turn);
  isDone = true;
}

describe('what one client sends at once is done piece by piece, and others come in between', () => {
  it('on a socket', async () => {
    const turns: number[] = [];
    const socket = await openSocket({ url, key: client.key });
    await inTurns(async (turn) => {
      vi.spyOn(SocketConnection.prototype, 'send').mockImplementation(() => Promise.resolve(void turns.push(turn())));
      for (let n = 0; n < SENT; n++) socket.send({ type: 'ping' });
      await vi.waitUntil(() => turns.length === SENT, WAIT);
    });
    socket.ws.close();
    expect(new Set(turns).size).toBeGreaterThan(SENT / 2); // all at once they are in five
  });

  it('on a connection', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString()));
    const asked = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.key}\r\n\r\n`;
    const turns: number[] = [];
    await inTurns(async (turn) => {
      answered = () => turns.push(turn());
      socket.write(asked('/health').repeat(SENT - 1) + asked('/plan/status'));
      await vi.waitUntil(() => text.split('HTTP/1.1 200').length - 1 === SENT, WAIT);
    });
    socket.destroy();
    expect(new Set(turns).size).toBeGreaterThan(SENT / 2); // all at once they are in five
    // In the order in which they were asked.
    expect(text.lastIndexOf('writes_used')).toBeGreaterThan(text.lastIndexOf('HTTP/1.1 200'));
  });

  it('and serves the next on a connection that was told to wait', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString()));
    for (const round of [1, 2, 3]) {
      socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2));
      await vi.waitUntil(() => text.split('HTTP/1.1 200').length - 1 === 2 * round, WAIT);
    }
    socket.destroy();
  });
});
