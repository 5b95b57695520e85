import { isCurrent, momentOf } from '../../core/rules/validity.js';
import { getTimeline } from '../../core/get-timeline.js';
import { builder } from '../builder.js';
import { Memory } from './memory.js';
import { AsOf } from './as-of.js';

// One selection for all fields: together they cost one statement, and show the same versions as of any instant.
const OLDEST_FIRST = { orderBy: [{ validFrom: 'asc' as const }, { createdSeq: 'asc' as const }] };

export const Timeline = builder.prismaObject('Chain', {
  name: 'Timeline',
  description: 'All versions of one fact.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Id of the chain that the versions form.' }),
    chainLength: t.int({
      description: 'How many versions there are.',
      select: { memories: OLDEST_FIRST },
      resolve: ({ memories }) => memories.length,
    }),
    entries: t.relation('memories', {
      description: 'The versions, oldest first in valid time.',
      query: OLDEST_FIRST,
    }),
    // Not a prismaField: that one takes its query for unused, and fails, as soon as a relation is asked for below it.
    current: t.field({
      type: Memory,
      nullable: true,
      description: 'The version that holds now; null if the fact expired or was retracted.',
      select: (_args, _ctx, nestedSelection) => ({ memories: nestedSelection(OLDEST_FIRST) }),
      resolve: ({ memories }, _args, { deps }) =>
        memories.find((memory) => isCurrent(memory, momentOf(memory, deps.now()))),
    }),
  }),
});

builder.queryFields((t) => ({
  timeline: t.prismaField({
    type: Timeline,
    description: 'All versions of the fact that a memory belongs to. Errors: INVALID_INPUT, FORBIDDEN, NOT_FOUND.',
    args: {
      memoryId: t.arg.id({ required: true, description: 'UUID of any of its versions.' }),
      asOf: t.arg({
        type: AsOf,
        description: 'known: the versions known then, as believed then; valid: those true then.',
      }),
      atLeast: t.arg({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    },
    resolve: (query, _root, args, { deps, caller }) => getTimeline(deps, caller, args, query),
  }),
}));
