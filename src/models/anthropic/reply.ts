import { z } from 'zod';
import { issuesOf, type End, type Reading } from '../calls/ask.js';

const tokens = z.number().nullish();
export const usageShape = z.object({
  input_tokens: tokens,
  cache_creation_input_tokens: tokens,
  cache_read_input_tokens: tokens,
  output_tokens: tokens,
});
/** A provider behind another base URL may answer with anything; the SDK's types are only a claim. */
const envelope = z.object({
  content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullish(),
  usage: usageShape,
});

/** The API's input_tokens leaves out what came from, or went to, the prompt cache. */
export const inputTokensOf = (usage: z.infer<typeof usageShape>): number =>
  (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);

export function endOf(stop: string | null | undefined): End {
  if (stop === 'refusal') return 'refused';
  return stop === 'max_tokens' || stop === 'model_context_window_exceeded' ? 'cut' : 'whole';
}

/** A message of the Messages API. */
export function read(message: unknown): Reading {
  const received = envelope.safeParse(message);
  if (!received.success) return { issues: issuesOf(received.error) };
  const { stop_reason: stop, content, usage } = received.data;
  return {
    usage: { inputTokens: inputTokensOf(usage), outputTokens: usage.output_tokens ?? 0 },
    end: endOf(stop),
    text: content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join(''),
  };
}
