import { queryFromInfo } from '@pothos/plugin-prisma';
import { followAnswer, type AnswerChange as ChangeShape } from '../../core/follow-answer.js';
import type { ChangeReason, Departed } from '../../core/explain-change.js';
import type { Reading } from '../../core/states.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';
import { Answer, Citation, MEMORIES_OF_ANSWER, QueryInput } from './answer.js';
import { MemoryEvent } from './memory-event.js';
import { Memory } from './memory.js';

const AnswerChangeReason = builder.enumType('AnswerChangeReason', {
  description: 'Why an answer is another one now.',
  values: {
    SUPERSEDED: { description: 'A memory that it cited was replaced.' },
    EXPIRED: { description: 'A memory that it cited was given an end, or came to it.' },
    RETRACTED: { description: 'A memory that it cited turned out never to have been true.' },
    REVERTED: { description: 'A supersession behind it was undone.' },
    DELETED: { description: 'A memory that it cited was deleted.' },
    JOINED: { description: 'A memory came that is a better answer.' },
    BEGAN: { description: 'A memory that was known before began to be valid.' },
  } satisfies Record<ChangeReason, object>,
});

const FormerCitation = builder.objectRef<Departed>('FormerCitation').implement({
  description: 'A memory that the answer before cited, and this one does not.',
  fields: (t) => ({
    memoryId: t.exposeID('memoryId', { description: 'Its id.' }),
    memory: t.field({
      type: Memory,
      nullable: true,
      description: 'As it is now; null once deleted.',
      resolve: ({ memory }) => memory,
    }),
    reason: t.expose('reason', { type: AnswerChangeReason, description: 'What became of it.' }),
  }),
});

const AnswerChange = builder.objectRef<ChangeShape>('AnswerChange').implement({
  description: 'An answer to a standing question, and what is new about it.',
  fields: (t) => ({
    isFirst: t.boolean({
      description: 'The answer as it is when the feed begins.',
      resolve: ({ why }) => why === null,
    }),
    answer: t.field({ type: Answer, description: 'The answer.', resolve: ({ answer }) => answer }),
    reason: t.field({
      type: AnswerChangeReason,
      nullable: true,
      description: 'Why it changed; null for the first.',
      resolve: ({ why }) => why?.reason ?? null,
    }),
    cause: t.field({
      type: MemoryEvent,
      nullable: true,
      description: 'The newest write behind the change; null for the first, and where only time passed.',
      resolve: ({ why }) => why?.cause ?? null,
    }),
    came: t.field({
      type: [Citation],
      description: 'Cited now and not before; for the first all that it cites.',
      resolve: ({ came }) => [...came],
    }),
    went: t.field({
      type: [FormerCitation],
      description: 'Cited before and not now.',
      resolve: ({ went }) => [...went],
    }),
  }),
});

const PATHS = [...MEMORIES_OF_ANSWER.map((path) => ['answer', ...path]), ['came', 'memory'], ['went', 'memory']];

builder.subscriptionFields((t) => ({
  answerChanged: t.field({
    type: AnswerChange,
    description:
      'A standing question: its answer at once, and again when a memory behind it is replaced, ends, is retracted or deleted, begins to hold, or is joined by a better one. Writes that change nothing about it bring nothing. Errors end it: INVALID_INPUT, UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE at the first answer (later on it is asked again in silence); with llm also LLM_KEY_REFUSED, LLM_MODEL_REFUSED, LLM_RATE_LIMITED.',
    args: { input: t.arg({ type: QueryInput, required: true, description: 'The question.' }) },
    subscribe: (_root, { input }, context, info) =>
      stoppable((signal) =>
        followAnswer(
          context.deps,
          context.caller,
          input,
          signal,
          queryFromInfo({ context, info, typeName: 'Memory', paths: PATHS }),
        ),
      ),
    resolve: ({ state }: Reading<ChangeShape>) => state,
  }),
}));
