import { queryFromInfo } from '@pothos/plugin-prisma';
import {
  queryMemories,
  type Answer as AnswerShape,
  type Citation as CitationShape,
} from '../../core/query-memories.js';
import { builder } from '../builder.js';
import { AnswerSentence } from './answer-sentence.js';
import { AsOf, AsOfInstant } from './as-of.js';
import { LlmInput } from './llm-input.js';
import { Memory } from './memory.js';
import { ModelCall } from './token-use.js';

export const Citation = builder.objectRef<CitationShape>('Citation').implement({
  description: 'A memory that an answer was given from.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'N of the marker [mem-N] in the answer, from 1.' }),
    memory: t.field({ type: Memory, description: 'The memory.', resolve: ({ memory }) => memory }),
    similarity: t.exposeFloat('similarity', { description: 'Cosine of question and memory, 0 to 1.' }),
    isCited: t.exposeBoolean('isCited', { description: 'Whether the answer leans on it, or it was only retrieved.' }),
    sentences: t.intList({
      description: 'Places of the sentences that cite it, from 1 (AnswerSentence.index).',
      resolve: ({ sentences }) => [...sentences],
    }),
  }),
});

export const Answer = builder.objectRef<AnswerShape>('Answer').implement({
  description: 'An answer and the memories it was given from.',
  fields: (t) => ({
    question: t.exposeString('question', { description: 'The question as asked.' }),
    text: t.exposeString('text', { description: 'The answer without markers.' }),
    textWithCitations: t.exposeString('textWithCitations', { description: 'The answer with its [mem-N] markers.' }),
    isAnswered: t.exposeBoolean('isAnswered', { description: 'False: nothing that is known supports an answer.' }),
    citations: t.field({
      type: [Citation],
      description: 'Cited memories first, numbered as the markers; then the others. Empty when nothing was cited.',
      resolve: ({ citations }) => [...citations],
    }),
    sentences: t.field({
      type: [AnswerSentence],
      description: 'Each sentence, with what it cites held against the texts of the memories.',
      resolve: ({ sentences }) => [...sentences],
    }),
    memories: t.field({
      type: [Memory],
      description: 'Everything retrieved, best first.',
      resolve: ({ memories }) => [...memories],
    }),
    asOf: t.field({
      type: AsOfInstant,
      description: 'The cell of time it speaks about.',
      resolve: ({ asOf }) => asOf,
    }),
    memoriesSearched: t.exposeInt('memoriesSearched', { description: 'How many memories the answer was sought in.' }),
    answeredBy: t.field({
      type: ModelCall,
      nullable: true,
      description: 'Which model answered; null where none was asked.',
      resolve: ({ attribution }) => attribution,
    }),
    cursor: t.expose('cursor', { type: 'Cursor', description: 'The state of knowledge it was given in.' }),
  }),
});

/** Where an answer's fields lead to memories. */
export const MEMORIES_OF_ANSWER = [['memories'], ['citations', 'memory'], ['sentences', 'citations', 'memory']];

export const QueryInput = builder.inputType('QueryInput', {
  description: 'A question to the memories of one tenant.',
  fields: (t) => ({
    question: t.string({ required: true, description: 'In natural language, 1 to 10,000 characters.' }),
    limit: t.int({ description: 'How many memories to retrieve, 1 to 100 (default 10).' }),
    tenantId: t.string({ description: 'The tenant; left out: the default one.' }),
    sources: t.stringList({ description: 'Only memories of these sources, exactly; left out: all.' }),
    asOf: t.field({ type: AsOf, description: 'Ask about the past: the answer then begins "As of <date>".' }),
    atLeast: t.field({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    referenceDate: t.field({ type: 'DateTime', description: 'What "now" means in the question; left out: now.' }),
    llm: t.field({ type: LlmInput, description: "Answer with the caller's own model." }),
  }),
});

builder.mutationFields((t) => ({
  query: t.field({
    type: Answer,
    description:
      'Answers a question from current memories and cites them. Errors: INVALID_INPUT, UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE; with llm also LLM_KEY_REFUSED, LLM_MODEL_REFUSED, LLM_RATE_LIMITED.',
    args: { input: t.arg({ type: QueryInput, required: true, description: 'The question.' }) },
    resolve: (_root, { input }, ctx, info) =>
      queryMemories(
        ctx.deps,
        ctx.caller,
        input,
        queryFromInfo({ context: ctx, info, typeName: 'Memory', paths: MEMORIES_OF_ANSWER }),
      ),
  }),
}));
