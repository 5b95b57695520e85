import type OpenAI from 'openai';
import * as errors from 'openai';
import { AppError } from '../../errors.js';
import type { Question, Wire } from '../calls/ask.js';
import { readFailure } from '../calls/failure.js';
import { DATA_FOLLOWS } from '../calls/prompt.js';
import { adapt, type Dialect, type Dialects } from './dialect.js';
import { read } from './reply.js';
import { toJsonSchema } from './schema.js';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;
type Asked = Pick<Question<unknown>, 'prompt' | 'model' | 'data'>;

function formatOf({ format }: Dialect, schema: Record<string, unknown>): Pick<Params, 'response_format'> {
  if (format === null) return {};
  if (format === 'json_object') return { response_format: { type: 'json_object' } };
  return { response_format: { type: 'json_schema', json_schema: { name: 'reply', strict: true, schema } } };
}

/** No temperature: reasoning models refuse any, and local ones come with what their makers recommend. */
function toParams({ prompt, model, data }: Asked, dialect: Dialect): Params {
  const schema = toJsonSchema(prompt.schema);
  return {
    model,
    messages: [
      {
        role: 'system',
        // Said in words too: some servers take a format and pass over it.
        content: `${prompt.system}\n\nReply with one JSON object and nothing else, of this JSON schema:\n${JSON.stringify(schema)}`,
      },
      {
        role: 'user',
        // One text, which every server takes, and of that JSON to the end: no text in it can close a tag and go on as if it were ours.
        content: `${DATA_FOLLOWS}\n${data}`,
      },
    ],
    ...formatOf(dialect, schema),
    ...(dialect.limit ? { [dialect.limit]: prompt.maxTokens } : {}),
  };
}

/** The chat completions API of one client, in whatever dialect the model behind it takes. */
export function createOpenAiWire(client: OpenAI, dialects: Dialects): Wire {
  async function attempt(asked: Asked, signal: AbortSignal, dialect: Dialect): Promise<unknown> {
    const { model, prompt } = asked;
    try {
      const completion: unknown = await client.chat.completions.create(toParams(asked, dialect), { signal });
      dialects.learn(client.baseURL, model, dialect);
      return completion;
    } catch (error) {
      const failure = readFailure(error, errors);
      // Azure judges the prompt before the model sees it.
      if (failure.names.includes('content_filter'))
        throw new AppError('UPSTREAM_FAILED', `The model refused to ${prompt.task}.`, { cause: failure.cause });
      const next = adapt(dialect, failure);
      if (!next) throw error;
      return attempt(asked, signal, next);
    }
  }
  return {
    errors,
    send: (asked, signal) => attempt(asked, signal, dialects.of(client.baseURL, asked.model)),
    read,
  };
}
