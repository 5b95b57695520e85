import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Usage } from '../llm.js';
import { ReplyCut } from './failures.js';

/** What the files of `prompts/` export: the fixed side of a call. */
export interface Prompt<Reply> {
  version: string;
  task: string;
  system: string;
  maxTokens: number;
  schema: z.ZodType<Reply>;
}

const tokens = z.number().nullish();
/** A provider behind another base URL may answer with anything; the SDK's types are only a claim. */
const envelope = z.object({
  content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullish(),
  usage: z.object({
    input_tokens: tokens,
    cache_creation_input_tokens: tokens,
    cache_read_input_tokens: tokens,
    output_tokens: tokens,
  }),
});
type Envelope = z.infer<typeof envelope>;

const issuesOf = (error: z.ZodError): string[] =>
  error.issues.slice(0, 5).map(({ path, code }) => `${path.map(String).join('.')}: ${code}`);

function count({ usage }: Envelope, meter: Usage): void {
  // The API's input_tokens leaves out what came from, or went to, the prompt cache.
  meter.inputTokens +=
    (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
  meter.outputTokens += usage.output_tokens ?? 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not rethrown: the parser's own message quotes the text.
    return undefined;
  }
}

/** The checked reply, its tokens counted; or what is wrong with it. Throws where a second try would end the same way. */
export function readReply<Reply>(
  message: unknown,
  prompt: Prompt<Reply>,
  meter: Usage,
): { reply: Reply } | { issues: string[] } {
  const received = envelope.safeParse(message);
  if (!received.success) return { issues: issuesOf(received.error) };
  count(received.data, meter);
  const { stop_reason: stop, content } = received.data;
  if (stop === 'refusal') throw new AppError('UPSTREAM_FAILED', `The model refused to ${prompt.task}.`);
  if (stop === 'max_tokens' || stop === 'model_context_window_exceeded') throw new ReplyCut();
  const text = content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
  const reply = prompt.schema.safeParse(parseJson(text));
  return reply.success ? { reply: reply.data } : { issues: issuesOf(reply.error) };
}
