import { z } from 'zod';
import type { Part } from '../calls/ask.js';
import { endOf, inputTokensOf, usageShape } from './reply.js';

/** The events that say something of the text, its end or its cost; a provider behind another base URL may send any others. */
const event = z.union([
  z.object({ type: z.literal('message_start'), message: z.object({ usage: usageShape }) }),
  z.object({
    type: z.literal('content_block_delta'),
    delta: z.object({ type: z.literal('text_delta'), text: z.string() }),
  }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({ stop_reason: z.string().nullish() }),
    usage: usageShape.nullish(),
  }),
]);

function partOf(received: unknown): Part {
  const known = event.safeParse(received);
  if (!known.success) return {};
  const { data } = known;
  if (data.type === 'content_block_delta') return { text: data.delta.text };
  if (data.type === 'message_start') {
    const { usage } = data.message;
    return { usage: { inputTokens: inputTokensOf(usage), outputTokens: usage.output_tokens ?? 0 } };
  }
  const { delta, usage } = data;
  const outputTokens = usage?.output_tokens;
  return {
    // Counts are cumulative, and the input's may be left out here.
    ...(outputTokens == null ? {} : { usage: { outputTokens } }),
    ...(delta.stop_reason == null ? {} : { end: endOf(delta.stop_reason) }),
  };
}

/** The events of the Messages API, each as what it adds. */
export async function* partsOf(events: AsyncIterable<unknown>): AsyncGenerator<Part> {
  for await (const received of events) yield partOf(received);
}
