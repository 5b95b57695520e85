import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { each, openSocket, operate, type Attack, type OpenSocket, type Target } from '../../support/target.js';

const QUERY = '{ planStatus { tier } }';
const FEED = 'subscription { supersessions { ... on FeedOpened { cursor } } }';

const closeOf = async ({ closed }: OpenSocket): Promise<string> => `closed ${await closed}`;

/** What the server says to a socket that sends this; the close code. */
async function closedBy(target: Target, isInitiated: boolean, ...messages: unknown[]): Promise<string> {
  const socket = await openSocket(target, isInitiated);
  for (const message of messages) {
    if (Buffer.isBuffer(message)) socket.ws.send(message);
    else socket.send(message);
  }
  return closeOf(socket);
}

/** A WebSocket without a library that has said who it is, to send frames that none would. */
async function openRaw({ url, key: apiKey }: Target): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  );
  const reply = (): Promise<Buffer> => new Promise((resolve) => socket.once('data', resolve));
  await reply();
  const payload = { Authorization: `Bearer ${apiKey}` };
  socket.write(frame(0x81, Buffer.from(JSON.stringify({ type: 'connection_init', payload }))));
  if (!(await reply()).includes('connection_ack')) throw new Error('the key was not taken');
  return socket;
}

/** A masked frame, by a mask of zeros: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
function frame(first: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), payload]);
}

/** The code with which the server closes a socket that sends these bytes. */
async function closedByBytes(target: Target, bytes: Buffer): Promise<string> {
  const socket = await openRaw(target);
  socket.write(bytes);
  const reply = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.destroy();
  return `closed ${reply.readUInt16BE(2)}`;
}

const message = (id: string, query: string): object => ({ type: 'subscribe', id, payload: { query } });

export const SOCKETS: Attack[] = [
  {
    name: 'a subscription before connection_init',
    expected: 'closed 4401',
    run: (t) => closedBy(t, false, message('a', QUERY)),
  },
  { name: 'two connection_inits', expected: 'closed 4429', run: (t) => closedBy(t, true, { type: 'connection_init' }) },
  {
    name: 'a socket that never says who it is',
    expected: 'closed 4408',
    run: async (target) => closeOf(await openSocket(target, false)),
  },
  {
    name: 'a megabyte, in a message or in pings, before connection_init',
    expected: 'closed 1009',
    run: (target) =>
      each([true, false], async (isMessage) => {
        const socket = await openSocket(target, false);
        if (isMessage) socket.send({ type: 'connection_init', payload: { text: 'a'.repeat(1_000_000) } });
        else for (let n = 0; n < 10_000; n++) socket.ws.ping(Buffer.alloc(100));
        return closeOf(socket);
      }),
  },
  {
    name: 'a connection_init with a key that is wrong, or no text',
    expected: 'closed 4403',
    run: (target) =>
      each(
        [
          {},
          { Authorization: 'Bearer x' },
          { Authorization: ['Bearer x'] },
          { Authorization: { toString: 1 } },
          { __proto__: null, polluted: 1 },
        ],
        (payload) => closedBy(target, false, { type: 'connection_init', payload }),
      ),
  },
  {
    name: 'messages of unknown or absent types, arrays, numbers, no JSON',
    expected: 'closed 4400',
    run: (target) =>
      each(
        [
          { type: 'sudo' },
          { type: 'next', id: 'a', payload: {} },
          {},
          [],
          1,
          null,
          '"x"',
          'garbage',
          '',
          { type: 'subscribe' },
          { type: 'subscribe', id: 1, payload: { query: QUERY } },
          { type: 'subscribe', id: '', payload: { query: QUERY } },
          { type: 'subscribe', id: 'a', payload: { query: 1 } },
          { type: 'subscribe', id: 'a', payload: { query: QUERY, variables: [] } },
          { type: ['subscribe'] },
        ],
        (one) => closedBy(target, true, one),
      ),
  },
  { name: 'binary noise in a frame', expected: 'closed 4400', run: (t) => closedBy(t, true, randomBytes(10_000)) },
  {
    name: 'the id of an operation that still runs',
    expected: 'closed 4409',
    run: (t) => closedBy(t, true, message('a', FEED), message('a', FEED)),
  },
  { name: 'a message of 2 MB', expected: 'closed 1009', run: (t) => closedBy(t, true, 'a'.repeat(2_000_000)) },
  {
    name: 'a message in 20,000 fragments',
    expected: 'closed 1008',
    run: (t) =>
      closedByBytes(
        t,
        Buffer.concat([
          frame(0x01, Buffer.from('a')),
          ...Array.from({ length: 20_000 }, () => frame(0x00, Buffer.from('a'))),
        ]),
      ),
  },
  {
    name: 'frames without a mask, of a reserved opcode or bit, and control frames in fragments',
    expected: 'closed 1002',
    run: (t) =>
      each(
        [
          Buffer.from([0x81, 0x01, 0x61]),
          frame(0x83, Buffer.from('a')),
          frame(0xc1, Buffer.from('a')),
          frame(0x09, Buffer.from('a')),
        ],
        (bytes) => closedByBytes(t, bytes),
      ),
  },
  {
    name: 'text that is no UTF-8, overlong or half a surrogate pair',
    expected: 'closed 1007',
    run: (t) =>
      each(
        [
          [0xff, 0xfe],
          [0xc0, 0x80],
          [0xed, 0xa0, 0x80],
        ],
        (bytes) => closedByBytes(t, frame(0x81, Buffer.from(bytes))),
      ),
  },
  {
    name: 'a protocol that is not ours',
    expected: 'refused',
    run: (target) =>
      each(['graphql-ws', 'soap', undefined], async (protocol) => {
        const ws = new WebSocket(`${target.url.replace('http', 'ws')}/graphql`, protocol);
        const end = await new Promise<number | string>((resolve) =>
          ws.on('close', resolve).on('error', () => resolve('refused')),
        );
        return end === 4406 || end === 1002 ? 'refused' : String(end);
      }),
  },
  {
    name: '10,000 messages at once, none of them waited for',
    expected: 'answered',
    run: async (target) => {
      const socket = await openSocket(target);
      for (let n = 0; n < 10_000; n++) socket.send({ type: 'ping' });
      const outcome = await operate(socket, QUERY);
      socket.ws.close();
      return outcome;
    },
  },
  {
    name: '10,000 subscriptions on one socket',
    expected: 'RATE_LIMITED, answered, closed 1008',
    run: async (target) => {
      const socket = await openSocket(target);
      const outcomes = new Set<string>();
      for (let n = 0; n < 10_000; n++) socket.send(message(`s${n}`, FEED));
      const end = await closeOf(socket);
      for (const { payload } of socket.messages) {
        const code = /"code":"(\w+)"/.exec(JSON.stringify(payload ?? {}))?.[1];
        outcomes.add(code ?? 'answered');
      }
      return [...[...outcomes].sort(), end].join(', ');
    },
  },
  {
    name: '100,000 pings of a client that reads no pong',
    expected: 'most of them are not answered',
    run: async (target) => {
      const socket = await openRaw(target);
      socket.pause();
      const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(0x89, Buffer.alloc(125))));
      for (let n = 0; n < 100; n++)
        if (!socket.write(pings)) await new Promise((resolve) => socket.once('drain', resolve));
      await pause(2_000); // of what comes in while its client reads, every one is answered
      let bytes = 0;
      socket.on('data', (part: Buffer) => (bytes += part.length)).resume();
      for (let before = -1; before !== bytes; before = before === -1 ? 0 : bytes) await pause(100);
      socket.destroy();
      return bytes < pings.length * 60 ? 'most of them are not answered' : `${bytes} bytes of pongs waited`;
    },
  },
  {
    name: 'operations without end on one socket, whose replies nobody reads',
    expected: 'answered',
    run: async (target) => {
      const socket = await openSocket(target);
      socket.ws.pause();
      for (let n = 0; n < 2_000; n++) socket.send(message(`q${n}`, '{ memories(first: 100) { nodes { id text } } }'));
      await pause(50);
      const other = await openSocket(target);
      const outcome = await operate(other, QUERY);
      socket.ws.terminate();
      other.ws.close();
      return outcome;
    },
  },
];
