import { once } from 'node:events';
import { createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { revokeApiKey } from '../../src/core/accounts.js';
import { SocketConnection } from '../../src/socket-connection.js';
import { openSocket } from '../support/feed.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let url: string;
const open: WebSocket[] = [];

beforeAll(async () => {
  app = await startApp();
  url = await app.listen();
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
  vi.restoreAllMocks();
});
afterAll(() => app.close());

const WAIT = { timeout: 20_000, interval: 10 };

interface Message {
  id?: string;
  type: string;
  payload?: unknown;
}

/** A socket that says exactly what it is told to, and keeps what it hears. */
async function dial({ at = url, ...options }: { at?: string; autoPong?: boolean } = {}) {
  const socket = new WebSocket(`${at.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options);
  open.push(socket);
  const heard: Message[] = [];
  const closed: { code: number; reason: string }[] = [];
  socket.on('message', (data: Buffer) => void heard.push(JSON.parse(data.toString()) as Message));
  socket.on('close', (code, reason) => void closed.push({ code, reason: reason.toString() }));
  await once(socket, 'open');
  const say = (message: object | string): void =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const hears = (type: string, count = 1): Promise<unknown> =>
    vi.waitUntil(() => heard.filter((message) => message.type === type).length >= count, WAIT);
  return { socket, heard, closed, say, hears };
}

async function dialAs({ key }: Client, options: { at?: string; autoPong?: boolean } = {}) {
  const line = await dial(options);
  line.say({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } });
  await line.hears('connection_ack');
  return line;
}

const subscribe = (id: string, query: string): object => ({ id, type: 'subscribe', payload: { query } });
const EVENTS = 'subscription { memoryEvents { __typename ... on MemoryEvent { cursor } } }';

async function write(client: Client, content: string): Promise<void> {
  expect((await client.rest('POST', '/agent/memories', { content })).status).toBe(200);
}

const revoke = ({ key }: Client): Promise<void> => revokeApiKey(app.deps, key.split('_')[1] ?? '');

describe('a socket, of graphql-transport-ws', () => {
  it.each([
    ['no JSON', ['{nonsense'], 4400],
    ['a message of no such type', [{ type: 'nonsense' }], 4400],
    ['a message that only servers send', [{ type: 'next', id: '1', payload: { data: {} } }], 4400],
    ['an operation before connection_init', [subscribe('1', EVENTS)], 4401],
    ['a second connection_init', [{ type: 'connection_init' }], 4429],
    ['a second operation of the same id', [subscribe('1', EVENTS), subscribe('1', EVENTS)], 4409],
  ])('is closed for %s', async (what, messages, code) => {
    const line = what.includes('before') ? await dial() : await dialAs(await app.newClient());
    for (const message of messages) line.say(message);
    await vi.waitUntil(() => line.closed.length > 0, WAIT);
    expect(line.closed[0]?.code).toBe(code);
  });

  it('is closed where it does not say that it speaks the protocol', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`);
    open.push(socket);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4406);
  });

  it('answers a ping, and every operation under its own id', async () => {
    const client = await app.newClient();
    const line = await dialAs(client);
    line.say({ type: 'ping', payload: { at: 1 } });
    await line.hears('pong');
    expect(line.heard.at(-1)).toEqual({ type: 'pong', payload: { at: 1 } });
    line.say(subscribe('a"b', EVENTS));
    line.say(subscribe('q', '{ planStatus { tier } }'));
    await line.hears('complete');
    await write(client, 'A fact');
    await line.hears('next', 3);
    const ids = line.heard.flatMap(({ id, type }) => (type === 'next' ? [id] : []));
    expect(ids.sort()).toEqual(['a"b', 'a"b', 'q']);
    line.say({ type: 'complete', id: 'a"b' });
    await vi.waitUntil(() => app.deps.sessions.feedCount === 0, { timeout: 1_000 });
  });

  it('is closed with 4403 within a second of the revocation of its key, also without any feed', async () => {
    const client = await app.newClient();
    const [idle, busy] = [await dialAs(client), await dialAs(client)];
    const other = await dialAs(await app.newClient({ accountId: client.caller.accountId }));
    busy.say(subscribe('1', EVENTS));
    await busy.hears('next');
    await revoke(client);
    await vi.waitUntil(() => idle.closed.length + busy.closed.length === 2, { timeout: 1_000 });
    expect([...idle.closed, ...busy.closed]).toEqual(Array(2).fill({ code: 4403, reason: 'Forbidden' }));
    expect(other.closed).toEqual([]);
    await vi.waitUntil(() => app.deps.sessions.feedCount === 0, { timeout: 1_000 });
  });
});

describe('a client that does not read', () => {
  const FACTS = 12;
  const SIZE = 45_000;
  // Each event is about 3 MB: more than the system's own buffers between two sockets hold of a few.
  const FIELDS = (count: number): string => Array.from({ length: count }, (_, i) => `f${i}: text`).join(' ');
  const HUGE = `subscription { memoryEvents { ... on MemoryEvent { cursor memory { ${FIELDS(45)} } } } }`;
  const text = (n: number): string => `Fact ${n}: ${'x'.repeat(SIZE)}`;

  /** A little now and then, so that it is slow and not gone. */
  function readSlowly(socket: WebSocket): () => void {
    socket.pause();
    const sip = setInterval(() => {
      socket.resume();
      setImmediate(() => socket.pause());
    }, 300);
    return () => {
      clearInterval(sip);
      setTimeout(() => socket.resume(), 10); // after the last sip
    };
  }

  function watchBuffers(): { readonly highest: number } {
    const buffers = { highest: 0 };
    const send: SocketConnection['send'] = Reflect.get(SocketConnection.prototype, 'send');
    vi.spyOn(SocketConnection.prototype, 'send').mockImplementation(function (this: SocketConnection, frame) {
      const sent = send.call(this, frame);
      buffers.highest = Math.max(buffers.highest, this.ws.bufferedAmount);
      return sent;
    });
    return buffers;
  }

  it('of a feed is not read for: what waits for it does not grow with what happens', async () => {
    const client = await app.newClient();
    const line = await dialAs(client);
    line.say(subscribe('1', HUGE));
    await line.hears('next');
    const buffers = watchBuffers();
    const wake = readSlowly(line.socket);
    for (let n = 1; n <= FACTS; n++) await write(client, text(n));
    wake();
    await line.hears('next', FACTS + 1);
    expect(buffers.highest).toBeGreaterThan(1_000_000);
    expect(buffers.highest).toBeLessThan(2 * 45 * (SIZE + 100));
    const cursors = line.heard.slice(2).map(({ payload }) => JSON.stringify(payload).match(/"cursor":"(\d+)"/)?.[1]);
    expect(cursors).toEqual(Array.from({ length: FACTS }, (_, i) => `${i + 1}`));
  });

  it('of replies is not asked for more: its questions wait, and are answered when it reads', async () => {
    const client = await app.newClient();
    await write(client, text(0));
    const line = await dialAs(client);
    const buffers = watchBuffers();
    const wake = readSlowly(line.socket);
    const questions = 120;
    for (let n = 0; n < questions; n++) line.say(subscribe(`${n}`, `{ memories { nodes { ${FIELDS(8)} } } }`));
    // Until no more comes: how much that is depends on when the first replies were there.
    let before = 0;
    const hasStopped = (): boolean => {
      const isSame = before === buffers.highest;
      before = buffers.highest;
      return isSame && before > 64 * 1_024;
    };
    await vi.waitUntil(hasStopped, { ...WAIT, interval: 500 });
    wake();
    await line.hears('complete', questions);
    expect(line.closed).toEqual([]);
    expect(buffers.highest).toBeLessThan((16 + 8) * 8 * (SIZE + 100));
  });
});

describe('a server', () => {
  let stopping: TestApp;
  let at: string;

  beforeAll(async () => {
    stopping = await startApp({ heartbeatMs: 500 });
    at = await stopping.listen();
  });

  it('ends the sockets of clients that give no sign of life, with their feeds', async () => {
    const client = await stopping.newClient();
    const [dead, alive] = [await dialAs(client, { at, autoPong: false }), await dialAs(client, { at })];
    for (const line of [dead, alive]) {
      line.say(subscribe('1', EVENTS));
      await line.hears('next');
    }
    await vi.waitUntil(() => dead.closed.length > 0, WAIT);
    await vi.waitUntil(() => stopping.deps.sessions.feedCount === 1, { timeout: 1_000 });
    expect(alive.closed).toEqual([]);
    alive.socket.close();
    await vi.waitUntil(() => stopping.deps.sessions.feedCount === 0, { timeout: 1_000 });
  });

  it('keeps the socket of a client that said more at once than it takes two heartbeats to do', async () => {
    const impatient = await startApp({ heartbeatMs: 200 });
    try {
      const line = await dialAs(await impatient.newClient(), { at: await impatient.listen() });
      for (let n = 0; n < 1_000; n++) line.say(subscribe(`q${n}`, '{ planStatus { writesUsed } }'));
      await Promise.race([line.hears('complete', 1_000), once(line.socket, 'close')]);
      expect(line.closed).toEqual([]);
    } finally {
      await impatient.close();
    }
  });

  it('that stops finishes what runs, and closes sockets so that their clients come back', async () => {
    const client = await stopping.newClient();
    const socket = openSocket(at, client.key);
    const feed = socket.follow();
    await feed.opened();
    const retried: unknown[] = [];
    const foreign = createClient({
      url: `${at.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: `Bearer ${client.key}` },
      retryWait: () => Promise.resolve(void retried.push('again')),
      retryAttempts: 1,
      on: { error: () => undefined },
    });
    let ended: unknown;
    foreign.subscribe(
      { query: EVENTS },
      { next: () => undefined, error: (error) => (ended = error), complete: () => undefined },
    );
    await vi.waitUntil(() => stopping.deps.sessions.feedCount === 2, WAIT);
    const stream = await fetch(`${at}/agent/events`, { headers: { authorization: `Bearer ${client.key}` } });
    const begun = vi.spyOn(stopping.deps.embedder, 'embed');
    const write = socket.run<object>('mutation { addMemories(input: { content: "The last fact" }) { cursor } }');
    await vi.waitUntil(() => begun.mock.calls.length > 0, { ...WAIT, interval: 1 });
    await Promise.all([stopping.close(), expect(stream.text()).rejects.toThrow()]);
    expect(write.results).toMatchObject([{ data: { addMemories: { cursor: '1' } } }]);
    expect(socket.closed).toMatchObject([{ code: 1012 }]);
    await vi.waitUntil(() => ended !== undefined, WAIT);
    expect(retried).toEqual(['again']);
    await foreign.dispose();
  });
});
