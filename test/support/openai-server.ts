import {
  deltasOf,
  type ModelServer,
  type RecordedRequest as Recorded,
  type ScriptedReply,
  startModelServer,
  streamOf,
  type StreamOptions,
} from './model-server.js';

export interface ChatBody {
  model: string;
  messages: { role: string; content: string }[];
  response_format?: { type: string; json_schema?: { name: string; strict: boolean; schema: Record<string, unknown> } };
  max_tokens?: number;
  max_completion_tokens?: number;
  [parameter: string]: unknown;
}

export type RecordedRequest = Recorded<ChatBody>;

interface CompletionOptions {
  finishReason?: string | null;
  refusal?: string;
  /** Stands in for the whole object; undefined leaves it out. */
  usage?: unknown;
}

/** A completion whose text is exactly `content`. */
export const textReply = (content: unknown, options: CompletionOptions = {}): ScriptedReply => ({
  status: 200,
  body: {
    id: 'chatcmpl-test',
    object: 'chat.completion',
    created: 1_770_000_000,
    model: 'test-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: options.refusal ?? null },
        finish_reason: options.finishReason === undefined ? 'stop' : options.finishReason,
        logprobs: null,
      },
    ],
    usage: 'usage' in options ? options.usage : { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  },
});

/** A completion whose text is `value` as JSON, as structured output comes. */
export const jsonReply = (value: unknown, options?: CompletionOptions): ScriptedReply =>
  textReply(JSON.stringify(value), options);

const data = (body: object): string => `data: ${JSON.stringify(body)}\n\n`;

/** A completion as a stream of chunks, or the beginning of one and what happens then. */
export function streamReply(
  text: string,
  { bytes, characters = 4, until, then, finishReason = 'stop', usage }: CompletionOptions & StreamOptions = {},
): ScriptedReply {
  const chunk = (delta: object, finish: string | null = null): string =>
    data({
      id: 'chatcmpl-test',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
      usage: null,
    });
  return streamOf({ ...(bytes && { bytes }), ...(until !== undefined && { until }), ...(then && { then }) }, text, {
    opening: [': keep-alive\n\n', chunk({ role: 'assistant', content: '' })],
    sent: (part) => deltasOf(part, characters).map((content) => chunk({ content })),
    closing: [
      chunk({}, finishReason),
      data({ choices: [], usage: usage ?? { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }),
      'data: [DONE]\n\n',
    ],
    error: (error) => data({ error }),
  });
}

interface ErrorFields {
  type?: string | null;
  param?: string | null;
  code?: string | number | null;
}

/** A failure in OpenAI's form. `retry-after-ms` keeps the SDK's own pauses out of the tests. */
export const errorReply = (
  status: number,
  message = 'scripted',
  { type = 'invalid_request_error', param = null, code = null }: ErrorFields = {},
): ScriptedReply => ({
  status,
  body: { error: { message, type, param, code } },
  headers: { 'retry-after-ms': '1' },
});

/** The JSON object that a request carries as data: all that follows the first line of the user's turn. */
export const dataOf = (request: RecordedRequest): Record<string, unknown> => {
  const turn = request.body.messages.at(-1)?.content ?? '';
  return JSON.parse(turn.slice(turn.indexOf('\n') + 1)) as Record<string, unknown>;
};

export interface OpenAiServer extends ModelServer<ChatBody> {
  baseUrl: string;
}

/** A loopback server that speaks chat completions as scripted. */
export async function startOpenAiServer(): Promise<OpenAiServer> {
  const server = await startModelServer<ChatBody>();
  return Object.assign(server, { baseUrl: `${server.origin}/v1` });
}
