import { createServer, type IncomingHttpHeaders } from 'node:http';
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
}

type Script<Body> = ScriptedReply | ((request: RecordedRequest<Body>) => ScriptedReply);

export interface ModelServer<Body> {
  /** Without a path. */
  origin: string;
  port: number;
  requests: RecordedRequest<Body>[];
  /** How many requests were under way at once, at most. */
  readonly peak: number;
  /** Replies for the calls to come, in order; the last one repeats. Forgets earlier requests. */
  script(...replies: Script<Body>[]): void;
  close(): Promise<void>;
}

const NO_SCRIPT: ScriptedReply = { status: 500, body: { error: { message: 'no script' } } };

/** A loopback server that answers as scripted, so that a real SDK runs against it. */
export async function startModelServer<Body>(): Promise<ModelServer<Body>> {
  const requests: RecordedRequest<Body>[] = [];
  let replies: Script<Body>[] = [];
  let underWay = 0;
  let peak = 0;

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    underWay += 1;
    peak = Math.max(peak, underWay);
    response.on('close', () => (underWay -= 1));
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
        if (reply.isStalled) response.write(bytes.subarray(0, bytes.length / 2));
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
    script(...next) {
      replies = next;
      requests.length = 0;
      peak = 0;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
