import { z } from 'zod';
import { AppError } from '../errors.js';
import { llmChoice } from './choose-llm.js';
import { instant, optional, sessionId, source, storable, tenantId, text, topic, uuid } from './parse-input.js';

const message = z.object({
  role: z.enum(['user', 'assistant', 'system']),
  content: text(100_000),
  name: optional(text(64)),
});

export const content = text(50_000);

/** What a fact may come with, one by one or in bulk. */
export const factFields = {
  topic: optional(topic),
  importance: optional(z.number()),
  importanceWord: optional(storable(32)),
  source: optional(source),
  tenantId,
  sessionId,
  validFrom: optional(instant),
};

export const addMemoriesInput = z
  .object({
    content: optional(content),
    messages: optional(z.array(message).min(1).max(1_000)),
    ...factFields,
    supersedes: optional(uuid),
    autoSupersede: optional(z.boolean()),
    idempotencyKey: optional(text(255)),
    dryRun: optional(z.boolean()),
    llm: optional(llmChoice),
  })
  .refine(({ content, messages }) => (content === undefined) !== (messages === undefined), {
    error: 'exactly one of content and messages is required',
    path: ['content'],
  })
  .refine(({ messages, supersedes }) => messages === undefined || supersedes === undefined, {
    error: 'goes with content only',
    path: ['supersedes'],
  })
  .refine(({ dryRun, idempotencyKey }) => !dryRun || idempotencyKey === undefined, {
    error: 'does not go with dryRun, which writes nothing',
    path: ['idempotencyKey'],
  });

export type AddMemoriesInput = z.input<typeof addMemoriesInput>;
/** Without the idempotency key: it names the request, and is no part of it. */
export type CheckedAddMemories = Omit<z.output<typeof addMemoriesInput>, 'idempotencyKey'>;

/**
 * Refuses a conversation that would take minutes to read and to judge, before anything of it is done or paid for: cut short, what it
 * says at the end would be lost without a word. @throws AppError INVALID_INPUT
 */
export function assertReadable(messages: CheckedAddMemories['messages'], most: number): void {
  const characters = (messages ?? []).reduce((sum, { content }) => sum + content.length, 0);
  if (characters <= most) return;
  throw new AppError(
    'INVALID_INPUT',
    `messages: hold ${characters} characters, and at most ${most} are read at once; send them in parts, with one sessionId`,
    { field: 'messages' },
  );
}

/** Each fact is compared with what is stored and with all before it: thousands of them take minutes. @throws AppError INVALID_INPUT */
export function assertJudgeable(facts: number, most: number): void {
  if (facts <= most) return;
  throw new AppError(
    'INVALID_INPUT',
    `messages: hold ${facts} facts, and at most ${most} are compared with others in one write; send them in parts, or with autoSupersede off`,
    { field: 'messages' },
  );
}
