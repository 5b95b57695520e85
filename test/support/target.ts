import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** A running server as somebody with a key sees it: nothing but its address. Used by test/attacks and bench/attacks.ts. */
export interface Target {
  url: string;
  key: string;
}

/**
 * An attack, and what the server must make of it. Rows are listed in docs/SECURITY.md.
 * Nothing here may depend on the test runner: bench/attacks.ts runs the same rows.
 */
export interface Attack<Needs extends Target = Target> {
  name: string;
  /** What `run` must give: statuses and codes as `outcomeOf` writes them, several in the order of the alphabet. */
  expected: string;
  run: (target: Needs) => Promise<string>;
}

export interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  /** Text is sent as JSON unless the headers say otherwise. */
  body?: string | Buffer | object;
  /** Null: none. */
  key?: string | null;
}

export interface Reply {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** No connection is kept: an attack must not spoil the next one's. */
const agent = new Agent({ keepAlive: false });

/** A request over a socket, well-formed as HTTP. Takes the reply also where the server stops reading in the middle. */
export function send(
  { url, key }: Target,
  { method, path = '/', headers, body, key: given = key }: Sent,
): Promise<Reply> {
  const bytes = toBytes(body);
  const options = {
    method: method ?? (bytes === undefined ? 'GET' : 'POST'),
    agent,
    headers: {
      ...(given === null ? {} : { authorization: `Bearer ${given}` }),
      ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(url), { ...options, path }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

const toBytes = (body: Sent['body']): Buffer | undefined => {
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
};

const PATIENCE_MS = 5_000;

/** Bytes as nobody's client would send them, and what comes back: until it fits `until`, or the server closes, or says no more. */
export async function sendBytes({ url }: Target, bytes: string | Buffer, until?: RegExp): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      if (until?.test(text)) resolve();
    });
    socket.on('error', () => undefined); // cut in the middle: what came is what counts
    socket.on('close', () => resolve());
  });
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  const wait = new AbortController();
  await Promise.race([answered, pause(PATIENCE_MS, undefined, { signal: wait.signal }).catch(() => undefined)]);
  wait.abort();
  socket.destroy();
  return text;
}

/** The status lines in what came back: more than one means that one request was taken for several. */
export function statusesIn(text: string): string {
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status = '']) => status);
  const [first = 'closed', ...more] = statuses;
  return more.length > 0 && more.every((status) => status === first)
    ? `${statuses.length} times ${first}`
    : statuses.join(' ') || first;
}

interface Refusal {
  code?: string;
  data?: object | null;
  errors?: { extensions?: { code?: string } }[];
}

/** What became of a request: its status, and the code of its error. */
export function outcomeOf({ status, text }: Pick<Reply, 'status' | 'text'>): string {
  const code = codeIn(text);
  return code === undefined ? String(status) : `${status} ${code}`;
}

export function codeIn(text: string): string | undefined {
  try {
    const { code, errors } = JSON.parse(text) as Refusal;
    return code ?? errors?.[0]?.extensions?.code;
  } catch {
    return undefined;
  }
}

/** The different outcomes of several forms of one attack, sent one after the other. */
export async function each<Form>(forms: Iterable<Form>, run: (form: Form) => Promise<string>): Promise<string> {
  const outcomes = new Set<string>();
  for (const form of forms) outcomes.add(await run(form));
  return [...outcomes].sort().join(', ');
}

/** The status and the code of the first reply among bytes; the rest of what is sent may still be on its way. */
export async function firstOutcome(target: Target, bytes: string | Buffer): Promise<string> {
  const reply = await sendBytes(target, bytes, /"code":"\w+"/);
  return `${statusesIn(reply)} ${/"code":"(\w+)"/.exec(reply)?.[1] ?? ''}`.trim();
}

/** The same for requests. */
export const sendEach = (target: Target, requests: Iterable<Sent>): Promise<string> =>
  each(requests, async (one) => outcomeOf(await send(target, one)));

/** A GraphQL operation over HTTP. */
export const graphql = (target: Target, query: unknown, variables?: object): Promise<Reply> =>
  send(target, { path: '/graphql', body: { query, variables } });

export interface OpenSocket {
  ws: WebSocket;
  /** Messages that came, parsed. */
  messages: { type: string; id?: string; payload?: unknown }[];
  /** The close code, once it is closed. */
  closed: Promise<number>;
  send(message: unknown): void;
  /** Waits for the next message that fits, or the end: then undefined. */
  next(fits: (message: OpenSocket['messages'][number]) => boolean): Promise<OpenSocket['messages'][number] | undefined>;
}

/** A WebSocket of graphql-transport-ws; acknowledged already if `isInitiated`. */
export async function openSocket({ url, key }: Target, isInitiated = true, headers = {}): Promise<OpenSocket> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  const messages: OpenSocket['messages'] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((one) => one());
  let isOver = false;
  const closed = new Promise<number>((resolve) =>
    ws.on('close', (code) => {
      isOver = true;
      resolve(code);
      wake();
    }),
  );
  ws.on('message', (text: Buffer) => {
    messages.push(JSON.parse(text.toString()) as OpenSocket['messages'][number]);
    wake();
  });
  const opened = new Promise<void>((resolve, reject) => ws.once('open', resolve).once('error', reject));
  const next: OpenSocket['next'] = async (fits) => {
    for (let looked = 0; ;) {
      const found = messages.slice(looked).find(fits);
      if (found || isOver) return found;
      looked = messages.length;
      await new Promise<void>((resolve) => {
        const once = (): void => {
          waiting.delete(once);
          resolve();
        };
        waiting.add(once);
      });
    }
  };
  await opened;
  ws.on('error', () => undefined); // the close code tells
  const sendMessage = (message: unknown): void =>
    ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  const socket = { ws, messages, closed, send: sendMessage, next };
  if (isInitiated) {
    socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${key}` } });
    await next(({ type }) => type === 'connection_ack');
  }
  return socket;
}

/** The first answer to an operation on a socket: its error code, `answered`, or the code with which the socket closed. */
export async function operate(socket: OpenSocket, query: string, variables?: object, id = 'a'): Promise<string> {
  socket.send({ type: 'subscribe', id, payload: { query, variables } });
  const reply = await socket.next((message) => message.id === id);
  if (!reply) return `closed ${await socket.closed}`;
  const { errors } = (reply.type === 'error' ? { errors: reply.payload } : reply.payload) as Refusal;
  return errors?.[0]?.extensions?.code ?? 'answered';
}
