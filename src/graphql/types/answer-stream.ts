import { queryFromInfo } from '@pothos/plugin-prisma';
import { streamAnswer, type AnswerChunk as ChunkShape } from '../../core/stream-answer.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';
import { Answer, MEMORIES_OF_ANSWER, QueryInput } from './answer.js';
import { AnswerSentence } from './answer-sentence.js';

const AnswerToken = builder.objectRef<{ text: string }>('AnswerToken').implement({
  description: 'A piece of an answer that is being written.',
  fields: (t) => ({
    text: t.exposeString('text', {
      description: "Joined, the pieces are the answer's textWithCitations. No piece cuts a marker in two.",
    }),
  }),
});

const AnswerChunk = builder.unionType('AnswerChunk', {
  description: 'Pieces as they are written, each sentence once it is whole, and at the end the answer.',
  types: [AnswerToken, AnswerSentence, Answer],
  resolveType: (chunk) => ('question' in chunk ? 'Answer' : 'isSupported' in chunk ? 'AnswerSentence' : 'AnswerToken'),
});

const contentOf = (chunk: ChunkShape) =>
  chunk.kind === 'TOKEN' ? { text: chunk.text } : chunk.kind === 'SENTENCE' ? chunk.sentence : chunk.answer;

const PATHS = [
  ...MEMORIES_OF_ANSWER.map(([first = '', ...rest]) => [{ type: 'Answer', name: first }, ...rest]),
  [{ type: 'AnswerSentence', name: 'citations' }, 'memory'],
];

builder.subscriptionFields((t) => ({
  answer: t.field({
    type: AnswerChunk,
    description:
      'The answer of the mutation query, while it is written. Leaving breaks off the call to the model. Errors end it: INVALID_INPUT, UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE; with llm also LLM_KEY_REFUSED, LLM_MODEL_REFUSED, LLM_RATE_LIMITED.',
    args: { input: t.arg({ type: QueryInput, required: true, description: 'The question.' }) },
    subscribe: (_root, { input }, context, info) =>
      stoppable((signal) =>
        streamAnswer(
          context.deps,
          context.caller,
          input,
          signal,
          queryFromInfo({ context, info, typeName: 'Memory', paths: PATHS }),
        ),
      ),
    resolve: (chunk: ChunkShape) => contentOf(chunk),
  }),
}));
