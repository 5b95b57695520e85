import type OpenAI from 'openai';
import * as errors from 'openai';
import { AppError } from '../../errors.js';
import type { Question, Wire } from '../calls/ask.js';
import { readFailure } from '../calls/failure.js';
import { DATA_FOLLOWS } from '../calls/prompt.js';
import { adapt, type Dialect, type Dialects } from './dialect.js';
import { read } from './reply.js';
import { toJsonSchema } from './schema.js';
import { partsOf } from './stream.js';

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

/** What a stream is asked for besides: most servers tell what it took only when told to. */
const streaming = ({ refusesStreamUsage }: Dialect) => ({
  stream: true as const,
  ...(refusesStreamUsage ? {} : { stream_options: { include_usage: true } }),
});

/** The chat completions API of one client, in whatever dialect the model behind it takes. */
export function createOpenAiWire(client: OpenAI, dialects: Dialects): Wire {
  const { completions } = client.chat;

  async function attempt<Result>(
    asked: Asked,
    create: (dialect: Dialect) => Promise<Result>,
    dialect = dialects.of(client.baseURL, asked.model),
  ): Promise<Result> {
    const { prompt, model } = asked;
    try {
      const result = await create(dialect);
      dialects.learn(client.baseURL, model, dialect);
      return result;
    } catch (error) {
      const failure = readFailure(error, errors);
      // Azure judges the prompt before the model sees it.
      if (failure.names.includes('content_filter'))
        throw new AppError('UPSTREAM_FAILED', `The model refused to ${prompt.task}.`, { cause: failure.cause });
      const next = adapt(dialect, failure);
      if (!next) throw error;
      return attempt(asked, create, next);
    }
  }

  return {
    errors,
    send: (asked, signal) =>
      attempt<unknown>(asked, (dialect) => completions.create(toParams(asked, dialect), { signal })),
    read,
    stream: async (asked, signal) =>
      partsOf(
        await attempt(asked, (dialect) =>
          completions.create({ ...toParams(asked, dialect), ...streaming(dialect) }, { signal }),
        ),
      ),
  };
}
