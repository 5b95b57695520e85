import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as it came over the wire. */
export interface RecordedRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** The whole body as sent, to look for what must not be there. */
  raw: string;
  body: MessagesBody;
}

export interface MessagesBody {
  model: string;
  max_tokens: number;
  system: { type: string; text: string; cache_control?: { type: string } }[];
  messages: { role: string; content: { type: string; text: string }[] }[];
  output_config: { format: { type: string; schema: Record<string, unknown> } };
  [parameter: string]: unknown;
}

export interface ScriptedReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  delayMs?: number;
  /** Send the headers and half of the body, then nothing. */
  isStalled?: boolean;
}

type Script = ScriptedReply | ((request: RecordedRequest) => ScriptedReply);

interface MessageOptions {
  stopReason?: string;
  usage?: Record<string, number | null>;
}

/** A message whose text is exactly `text`. */
export const textReply = (text: string, { stopReason = 'end_turn', usage }: MessageOptions = {}): ScriptedReply => ({
  status: 200,
  body: {
    id: 'msg_test',
    type: 'message',
    role: 'assistant',
    model: 'claude-test',
    content: text === '' ? [] : [{ type: 'text', text, citations: null }],
    stop_reason: stopReason,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5, ...usage },
  },
});

/** A message whose text is `value` as JSON, as structured output comes. */
export const jsonReply = (value: unknown, options?: MessageOptions): ScriptedReply =>
  textReply(JSON.stringify(value), options);

/** A failure in the provider's form. `retry-after-ms` keeps the SDK's own pauses out of the tests. */
export const errorReply = (status: number, type: string, message = 'scripted'): ScriptedReply => ({
  status,
  body: { type: 'error', error: { type, message }, request_id: 'req_body' },
  headers: { 'retry-after-ms': '1' },
});

/** The JSON object that a request carries as data. */
export const dataOf = (request: RecordedRequest): Record<string, unknown> =>
  JSON.parse(request.body.messages[0]?.content.at(-1)?.text ?? 'null') as Record<string, unknown>;

export interface AnthropicServer {
  baseUrl: string;
  requests: RecordedRequest[];
  /** How many requests were under way at once, at most. */
  readonly peak: number;
  /** Replies for the calls to come, in order; the last one repeats. Forgets earlier requests. */
  script(...replies: Script[]): void;
  close(): Promise<void>;
}

/** A loopback server that speaks the Messages API as scripted, so that the real SDK runs against it. */
export async function startAnthropicServer(): Promise<AnthropicServer> {
  const requests: RecordedRequest[] = [];
  let replies: Script[] = [];
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
      const recorded = {
        path: request.url ?? '',
        headers: request.headers,
        raw,
        body: JSON.parse(raw) as MessagesBody,
      };
      const script = replies[Math.min(requests.length, replies.length - 1)];
      requests.push(recorded);
      const reply =
        typeof script === 'function' ? script(recorded) : (script ?? errorReply(500, 'api_error', 'no script'));
      const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
      setTimeout(() => {
        response.writeHead(reply.status, {
          'content-type': 'application/json',
          'request-id': 'req_test1',
          ...reply.headers,
        });
        if (reply.isStalled) response.write(text.slice(0, text.length / 2));
        else response.end(text);
      }, reply.delayMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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
