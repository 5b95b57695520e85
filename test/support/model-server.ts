import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as it came over the wire. */
export interface RecordedRequest<Body> {
  path: string;
  headers: IncomingHttpHeaders;
  /** The whole body as sent, to look for what must not be there. */
  raw: string;
  body: Body;
}

export interface ScriptedReply {
  status: number;
  /** A text or bytes are sent as they are. */
  body: unknown;
  headers?: Record<string, string>;
  delayMs?: number;
  /** Send the headers and half of the body, then nothing. */
  isStalled?: boolean;
  /** Send the headers and half of the body, then hang up. */
  isBroken?: boolean;
  /** A stream in place of the body, in pieces as they are to arrive; a promise among them is waited for. */
  pieces?: readonly (Uint8Array | Promise<unknown>)[];
  /** What comes after the last piece: the end of the reply, nothing, or a broken connection. */
  ending?: 'end' | 'stall' | 'break';
}

type Script<Body> = ScriptedReply | ((request: RecordedRequest<Body>) => ScriptedReply);

export interface ModelServer<Body> {
  /** Without a path. */
  origin: string;
  port: number;
  requests: RecordedRequest<Body>[];
  /** How many requests were under way at once, at most. */
  readonly peak: number;
  /** How many clients hung up before their reply was whole. */
  readonly aborted: number;
  /** Replies for the calls to come, in order; the last one repeats. Forgets earlier requests. */
  script(...replies: Script<Body>[]): void;
  close(): Promise<void>;
}

const NO_SCRIPT: ScriptedReply = { status: 500, body: { error: { message: 'no script' } } };

/** Each piece by itself: HTTP's own framing keeps them apart on the way. */
async function stream(
  response: ServerResponse,
  pieces: readonly (Uint8Array | Promise<unknown>)[],
  ending: ScriptedReply['ending'] = 'end',
): Promise<void> {
  for (const piece of pieces) {
    if (piece instanceof Promise) await piece;
    else await new Promise((resolve) => response.write(piece, resolve));
  }
  if (ending === 'end') response.end();
  else if (ending === 'break') response.destroy();
}

/** Events as the pieces of a stream, cut every so many bytes: in the middle of characters, words and lines. */
export function cutEvery(bytes: number, events: readonly string[]): Uint8Array[] {
  const whole = Buffer.from(events.join(''));
  return Array.from({ length: Math.ceil(whole.length / bytes) }, (_, i) => whole.subarray(i * bytes, (i + 1) * bytes));
}

/** How a scripted stream departs from one that is whole. */
export interface StreamOptions {
  /** Bytes of each piece on the wire. */
  bytes?: number;
  /** Characters (UTF-16 units) of each delta: whatever a tokenizer may do. */
  characters?: number;
  /** How much of the text is sent, in characters, before what happens then. */
  until?: number;
  then?: 'stall' | 'break' | 'end' | { error: object } | Promise<unknown>;
}

/** The parts of a provider's stream, each as the text of its events. */
interface Wording {
  opening: string[];
  sent: (part: string) => string[];
  closing: string[];
  error: (error: object) => string;
}

/** A stream in a provider's words: whole, or until something happens; after a promise it goes on. */
export function streamOf(
  { bytes = 64, until, then }: StreamOptions,
  text: string,
  { opening, sent, closing, error }: Wording,
): ScriptedReply {
  const cut = (events: string[]): Uint8Array[] => cutEvery(bytes, events);
  const reply = { status: 200, body: '', headers: { 'content-type': 'text/event-stream; charset=utf-8' } };
  if (until === undefined) return { ...reply, pieces: cut([...opening, ...sent(text), ...closing]) };
  const first = [...opening, ...sent(text.slice(0, until))];
  if (then instanceof Promise) {
    return { ...reply, pieces: [...cut(first), then, ...cut([...sent(text.slice(until)), ...closing])] };
  }
  if (typeof then === 'object') return { ...reply, pieces: cut([...first, error(then.error)]) };
  return { ...reply, pieces: cut(first), ending: then ?? 'end' };
}

export const deltasOf = (text: string, characters: number): string[] =>
  Array.from({ length: Math.ceil(text.length / characters) }, (_, i) =>
    text.slice(i * characters, (i + 1) * characters),
  );

/** A loopback server that answers as scripted, so that a real SDK runs against it. */
export async function startModelServer<Body>(): Promise<ModelServer<Body>> {
  const requests: RecordedRequest<Body>[] = [];
  let replies: Script<Body>[] = [];
  let underWay = 0;
  let peak = 0;
  let aborted = 0;

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    underWay += 1;
    peak = Math.max(peak, underWay);
    response.on('close', () => {
      underWay -= 1;
      if (!response.writableEnded) aborted += 1;
    });
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const raw = Buffer.concat(parts).toString('utf8');
      const recorded = { path: request.url ?? '', headers: request.headers, raw, body: JSON.parse(raw) as Body };
      const script = replies[Math.min(requests.length, replies.length - 1)];
      requests.push(recorded);
      const reply = typeof script === 'function' ? script(recorded) : (script ?? NO_SCRIPT);
      const isPlain = typeof reply.body === 'string' || Buffer.isBuffer(reply.body);
      const bytes = Buffer.from(isPlain ? (reply.body as string) : JSON.stringify(reply.body));
      setTimeout(() => {
        response.writeHead(reply.status, {
          'content-type': 'application/json',
          'request-id': 'req_test1',
          'x-request-id': 'req_test1',
          ...reply.headers,
        });
        if (reply.pieces) void stream(response, reply.pieces, reply.ending);
        else if (reply.isStalled) response.write(bytes.subarray(0, bytes.length / 2));
        else if (reply.isBroken) response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
        else response.end(bytes);
      }, reply.delayMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    get peak() {
      return peak;
    },
    get aborted() {
      return aborted;
    },
    script(...next) {
      replies = next;
      requests.length = 0;
      peak = 0;
      aborted = 0;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
