import { queryFromInfo } from '@pothos/plugin-prisma';
import { viewMemory } from '../../core/get-memory.js';
import { listMemories } from '../../core/list-memories.js';
import { builder } from '../builder.js';
import { pageArgs, toConnection, type MemoryConnectionShape } from '../memory-connection.js';
import { AsOf } from './as-of.js';
import { Memory } from './memory.js';

const MemoryStateFilter = builder.enumType('MemoryStateFilter', {
  description: 'Which memories a list holds.',
  values: {
    CURRENT: { description: 'Held true now (the default).' },
    SUPERSEDED: { description: 'Replaced by a newer version.' },
    EXPIRED: { description: 'Ended in valid time, not replaced.' },
    RETRACTED: { description: 'Never true.' },
    ANY: { description: 'All of them.' },
  },
});

export const MemoryFilter = builder.inputType('MemoryFilter', {
  description: 'Narrows a list. All conditions must hold; a list of names means any of them.',
  fields: (t) => ({
    tenantId: t.string({ description: 'The tenant; left out: the default one.' }),
    sources: t.stringList({ description: 'Exact sources.' }),
    topics: t.stringList({ description: 'Exact topics.' }),
    sessionIds: t.stringList({ description: 'Exact sessions.' }),
    text: t.string({ description: 'Words that must all occur; "quoted phrases", or, and -exclusions work.' }),
    minImportance: t.int({ description: 'At least this important, 1 to 10.' }),
  }),
});

/** The library types a connection by its edges alone; ours carries more. */
const ours = (connection: unknown): MemoryConnectionShape => connection as MemoryConnectionShape;

const MemoryEdge = builder.edgeObject({
  type: Memory,
  name: 'MemoryEdge',
  description: 'One memory in a page.',
});

const MemoryConnection = builder.connectionObject(
  {
    type: Memory,
    name: 'MemoryConnection',
    description: 'A page of memories, newest first.',
    fields: (t) => ({
      nodes: t.field({
        type: [Memory],
        description: 'The memories of the page, without the edges.',
        resolve: (connection) => ours(connection).nodes,
      }),
      totalCount: t.int({
        description: 'How many memories match, all pages together. Counted only when asked for.',
        resolve: (connection) => ours(connection).count(),
      }),
      cursor: t.field({
        type: 'Cursor',
        description:
          'The page holds what happened up to this cursor: follow a feed after it and nothing that changes this list is missed.',
        resolve: (connection) => ours(connection).cursor,
      }),
    }),
  },
  MemoryEdge,
);

builder.queryFields((t) => ({
  memory: t.prismaField({
    type: Memory,
    description:
      'One memory, in whatever state; null where it was not valid or not known at asOf. Errors: INVALID_INPUT, FORBIDDEN (it belongs to another account), NOT_FOUND.',
    nullable: true,
    args: {
      id: t.arg.id({ required: true, description: 'Its UUID.' }),
      asOf: t.arg({ type: AsOf, description: 'As it was then.' }),
      atLeast: t.arg({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    },
    resolve: (query, _root, args, { deps, caller }) => viewMemory(deps, caller, args, query),
  }),
  memories: t.field({
    type: MemoryConnection,
    description: 'Memories of one tenant, newest first; current ones unless asked otherwise.',
    args: {
      first: t.arg.int({ description: 'How many after the cursor, 1 to 100 (default 50).' }),
      after: t.arg.string({ description: 'endCursor of the page before.' }),
      last: t.arg.int({ description: 'How many before the cursor, 1 to 100.' }),
      before: t.arg.string({ description: 'startCursor of the page after.' }),
      filter: t.arg({ type: MemoryFilter, description: 'Narrows the list.' }),
      state: t.arg({
        type: MemoryStateFilter,
        defaultValue: 'CURRENT',
        description: 'Which states to hold; with asOf only CURRENT, or ANY with known alone.',
      }),
      asOf: t.arg({ type: AsOf, description: 'As they were then.' }),
      atLeast: t.arg({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    },
    resolve: async (_root, { filter, state, asOf, atLeast, ...page }, ctx, info) =>
      toConnection(
        page,
        await listMemories(
          ctx.deps,
          ctx.caller,
          { ...filter, state, asOf, atLeast, ...pageArgs(page) },
          queryFromInfo({ context: ctx, info, typeName: 'Memory', paths: [['nodes'], ['edges', 'node']] }),
        ),
      ),
  }),
}));
