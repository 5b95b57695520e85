import { z } from 'zod';
import type { Part } from '../calls/ask.js';
import { endOf, tokens } from './reply.js';

/** Every server has its own idea of the rest. */
const chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({ content: z.string().nullish().catch(null), refusal: z.string().nullish().catch(null) })
          .nullish(),
        finish_reason: z.string().nullish().catch(null),
      }),
    )
    .catch([]),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
});

function partOf(received: unknown): Part {
  const known = chunk.safeParse(received);
  if (!known.success) return {};
  const { choices, usage } = known.data;
  const [{ delta, finish_reason: finish } = {}] = choices;
  const end = delta?.refusal ? 'refused' : finish == null || finish === '' ? undefined : endOf(finish);
  return {
    text: delta?.content ?? '',
    ...(usage && { usage: { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } }),
    ...(end && { end }),
  };
}

/** The chunks of the chat completions API, each as what it adds. */
export async function* partsOf(chunks: AsyncIterable<unknown>): AsyncGenerator<Part> {
  let isRefused = false;
  for await (const received of chunks) {
    const part = partOf(received);
    isRefused ||= part.end === 'refused';
    // A refusal comes in pieces, and then an end as of any other reply.
    yield isRefused ? { ...part, end: 'refused' } : part;
  }
}
