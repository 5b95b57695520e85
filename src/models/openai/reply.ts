import { z } from 'zod';
import { issuesOf, type End, type Reading } from '../calls/ask.js';

/** Servers report none, null, or words for numbers; a cost that is not known is no reason to lose a reply. */
export const tokens = z.number().nonnegative().catch(0);
const content = z.union([z.string(), z.array(z.object({ text: z.string().optional() }))]).nullish();
/** Every server has its own idea of the rest. */
const envelope = z.object({
  choices: z.tuple(
    [
      z.object({
        message: z.object({ content, refusal: z.unknown().optional() }),
        finish_reason: z.string().nullish(),
      }),
    ],
    z.unknown(),
  ),
  usage: z
    .object({ prompt_tokens: tokens, completion_tokens: tokens })
    .catch({ prompt_tokens: 0, completion_tokens: 0 }),
});
type Message = z.infer<typeof envelope>['choices'][0]['message'];

const textOf = ({ content }: Message): string =>
  typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('');

export function endOf(finish: string | null | undefined): End {
  if (finish === 'content_filter') return 'refused';
  return finish === 'length' ? 'cut' : 'whole';
}

/** A completion of the chat completions API. */
export function read(completion: unknown): Reading {
  const received = envelope.safeParse(completion);
  if (!received.success) return { issues: issuesOf(received.error) };
  const { choices, usage } = received.data;
  const [{ message, finish_reason: finish }] = choices;
  const isRefused = typeof message.refusal === 'string' && message.refusal !== '';
  return {
    usage: { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens },
    end: isRefused ? 'refused' : endOf(finish),
    text: textOf(message),
  };
}
