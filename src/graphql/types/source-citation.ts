import { originalMessage } from '../../core/rules/original-message.js';
import type { Capture, Memory } from '../../core/get-memory.js';
import { builder } from '../builder.js';

export const Span = builder.objectRef<{ start: number; end: number }>('Span').implement({
  description: 'A range of characters (UTF-16 code units), end exclusive.',
  fields: (t) => ({
    start: t.exposeInt('start', { description: 'First character, from 0.' }),
    end: t.exposeInt('end', { description: 'One past the last character.' }),
  }),
});

export const SourceCitation = builder.objectRef<Memory & { capture: Capture }>('SourceCitation').implement({
  description: 'What a memory was taken from: the evidence for it.',
  fields: (t) => ({
    type: t.exposeString('source', { description: "The memory's source." }),
    channel: t.exposeString('channel', { description: 'The session it was said in, else its source.' }),
    capturedAt: t.field({
      type: 'DateTime',
      description: 'When the input came in.',
      resolve: ({ capture }) => capture.capturedAt,
    }),
    message: t.string({
      description:
        'The raw input: the fact itself, or the turn that supports it with its speaker (at most 500 characters).',
      resolve: (memory) => originalMessage(memory, memory.capture.messages),
    }),
    messageIndex: t.exposeInt('messageIndex', {
      nullable: true,
      description: 'Which message of the conversation, from 0; null for a fact stored verbatim.',
    }),
    span: t.field({
      type: Span,
      nullable: true,
      description: "The characters of that message's content that support the fact; null for a fact stored verbatim.",
      resolve: ({ spanStart, spanEnd }) =>
        spanStart === null || spanEnd === null ? null : { start: spanStart, end: spanEnd },
    }),
  }),
});
