import Anthropic, * as errors from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import type { Question, Wire } from '../calls/ask.js';
import type { Fetch } from '../calls/fetch.js';
import { DATA_FOLLOWS } from '../calls/prompt.js';
import { read } from './reply.js';
import { partsOf } from './stream.js';

export interface AnthropicConnection {
  apiKey: string;
  baseUrl: string | undefined;
  timeoutMs: number;
  maxRetries: number;
  /** For a caller's own model: what the operator's environment adds to calls stays out of these. */
  fetch?: Fetch;
}

/** No temperature, no thinking budget, no prefill: Opus 4.7 and later refuse all three. */
const toParams = ({
  prompt,
  model,
  data,
}: Pick<Question<unknown>, 'prompt' | 'model' | 'data'>): Anthropic.MessageCreateParamsNonStreaming => ({
  model,
  max_tokens: prompt.maxTokens,
  system: [{ type: 'text', text: prompt.system, cache_control: { type: 'ephemeral' } }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: DATA_FOLLOWS },
        // A block of its own, as JSON: no text in it can close a tag and go on as if it were ours.
        { type: 'text', text: data },
      ],
    },
  ],
  output_config: { format: zodOutputFormat(prompt.schema) },
});

/** The Messages API at `baseUrl`, Anthropic's own unless given. Makes no call until asked. */
export function createAnthropicWire({ apiKey, baseUrl, timeoutMs, maxRetries, fetch }: AnthropicConnection): Wire {
  const client = new Anthropic({
    apiKey,
    baseURL: baseUrl ?? null,
    timeout: timeoutMs,
    maxRetries,
    // A stray ANTHROPIC_LOG=debug, or tracing with content, would carry memories into logs.
    logLevel: 'off',
    openTelemetry: false,
    // Default headers come after what ANTHROPIC_CUSTOM_HEADERS may hold.
    ...(fetch ? { fetch, defaultHeaders: { authorization: `Bearer ${apiKey}`, 'x-api-key': null } } : {}),
  });
  return {
    errors,
    send: (question, signal) => client.messages.create(toParams(question), { signal }),
    read,
    stream: async (question, signal) =>
      partsOf(await client.messages.create({ ...toParams(question), stream: true }, { signal })),
  };
}
