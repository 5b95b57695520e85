import { queryFromInfo } from '@pothos/plugin-prisma';
import { searchMemories, type SearchHit as HitShape } from '../../core/search-memories.js';
import { builder } from '../builder.js';
import { offsetArgs, toSearchConnection } from '../search-connection.js';
import { AsOf } from './as-of.js';
import { Memory } from './memory.js';
import { MemoryFilter } from './memories.js';

const SearchHit = builder.objectRef<HitShape>('SearchHit').implement({
  description:
    'A memory that was found, and why it ranks where it does: score = lexical + vector + neighbour + recency + importance.',
  fields: (t) => ({
    memory: t.field({ type: Memory, description: 'The memory.', resolve: ({ memory }) => memory }),
    score: t.exposeFloat('score', { description: 'What it is ranked by: the sum of what follows.' }),
    similarity: t.exposeFloat('similarity', { description: 'Cosine of query and memory, 0 to 1.' }),
    lexical: t.exposeFloat('lexical', {
      description: "Share of the query's words that it holds, weighed by rarity; 0 to 1.",
    }),
    vector: t.exposeFloat('vector', { description: 'Nearness in meaning: the weighted cosine.' }),
    neighbour: t.exposeFloat('neighbour', {
      description: 'What the memories before and after it in its session lend.',
    }),
    recency: t.exposeFloat('recency', {
      description: 'What it gets for being true since lately; 0 unless the server weighs it.',
    }),
    importance: t.exposeFloat('importance', {
      description: 'What it gets for its importance; 0 unless the server weighs it.',
    }),
    reranked: t.exposeFloat('reranked', {
      nullable: true,
      description:
        "The reranker's score, on a scale of its own, where the server has one: such hits come first, in its order.",
    }),
  }),
});

const SearchEdge = builder.edgeObject({ type: SearchHit, name: 'SearchEdge', description: 'One hit in a page.' });

const SearchConnection = builder.connectionObject(
  { type: SearchHit, name: 'SearchConnection', description: 'A page of hits, best first.' },
  SearchEdge,
);

const SearchWeights = builder.inputType('SearchWeights', {
  description: 'What else counts beside relevance, in units of the score. What is left out is as the server is set up.',
  fields: (t) => ({
    recency: t.float({
      description: 'What the newest memory gets; half as much for each thirty days of age. 0 to 10.',
    }),
    importance: t.float({ description: 'What a memory of importance 10 gets, others in proportion. 0 to 10.' }),
  }),
});

builder.queryFields((t) => ({
  search: t.field({
    type: SearchConnection,
    description:
      'Memories of one tenant by relevance to a text: words and meaning together, current ones unless asked otherwise. Errors: INVALID_INPUT, UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE.',
    args: {
      query: t.arg.string({ required: true, description: 'What to look for, 1 to 10,000 characters.' }),
      first: t.arg.int({ description: 'How many, 1 to 100 (default 10).' }),
      after: t.arg.string({ description: 'endCursor of the page before.' }),
      filter: t.arg({ type: MemoryFilter, description: 'Narrows the search before anything is ranked.' }),
      weights: t.arg({ type: SearchWeights, description: 'Lets recency or importance weigh in this search.' }),
      asOf: t.arg({ type: AsOf, description: 'Search what was there then.' }),
      atLeast: t.arg({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    },
    resolve: async (_root, { first, after, filter, ...args }, ctx, info) =>
      toSearchConnection(
        await searchMemories(
          ctx.deps,
          ctx.caller,
          { ...filter, ...args, ...offsetArgs({ first, after }) },
          queryFromInfo({ context: ctx, info, typeName: 'Memory', path: ['edges', 'node', 'memory'] }),
        ),
      ),
  }),
}));
