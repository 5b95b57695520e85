import {
  deltasOf,
  type ModelServer,
  type RecordedRequest as Recorded,
  type ScriptedReply,
  startModelServer,
  streamOf,
  type StreamOptions,
} from './model-server.js';

export interface MessagesBody {
  model: string;
  max_tokens: number;
  system: { type: string; text: string; cache_control?: { type: string } }[];
  messages: { role: string; content: { type: string; text: string }[] }[];
  output_config: { format: { type: string; schema: Record<string, unknown> } };
  [parameter: string]: unknown;
}

export type RecordedRequest = Recorded<MessagesBody>;

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

const event = ({ type, ...body }: { type: string; [field: string]: unknown }): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...body })}\n\n`;

/** A message as a stream of events, or the beginning of one and what happens then. */
export function streamReply(
  text: string,
  { bytes = 64, characters = 4, until, then, stopReason = 'end_turn', usage }: MessageOptions & StreamOptions = {},
): ScriptedReply {
  const delta = (piece: string): string =>
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } });
  const opening = [
    event({
      type: 'message_start',
      message: { id: 'msg_test', content: [], usage: { input_tokens: 10, output_tokens: 1, ...usage } },
    }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'ping' }),
  ];
  const sent = (part: string): string[] => deltasOf(part, characters).map(delta);
  const closing = [
    event({ type: 'content_block_stop', index: 0 }),
    event({
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: 5, ...usage },
    }),
    event({ type: 'message_stop' }),
  ];
  return streamOf({ bytes, ...(until !== undefined && { until }), ...(then && { then }) }, text, {
    opening,
    sent,
    closing,
    error: (error) => event({ type: 'error', error }),
  });
}

/** A failure in the provider's form. `retry-after-ms` keeps the SDK's own pauses out of the tests. */
export const errorReply = (status: number, type: string, message = 'scripted'): ScriptedReply => ({
  status,
  body: { type: 'error', error: { type, message }, request_id: 'req_body' },
  headers: { 'retry-after-ms': '1' },
});

/** The JSON object that a request carries as data. */
export const dataOf = (request: RecordedRequest): Record<string, unknown> =>
  JSON.parse(request.body.messages[0]?.content.at(-1)?.text ?? 'null') as Record<string, unknown>;

export interface AnthropicServer extends ModelServer<MessagesBody> {
  baseUrl: string;
}

/** A loopback server that speaks the Messages API as scripted. */
export async function startAnthropicServer(): Promise<AnthropicServer> {
  const server = await startModelServer<MessagesBody>();
  return Object.assign(server, { baseUrl: server.origin });
}
