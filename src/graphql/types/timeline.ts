import { getTimeline } from '../../core/get-timeline.js';
import { builder } from '../builder.js';

export const Timeline = builder.prismaObject('Chain', {
  name: 'Timeline',
  description: 'All versions of one fact.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Id of the chain that the versions form.' }),
    chainLength: t.relationCount('memories', { description: 'How many versions there are.' }),
    entries: t.relation('memories', {
      description: 'The versions, oldest first in valid time.',
      query: { orderBy: [{ validFrom: 'asc' }, { createdSeq: 'asc' }] },
    }),
    current: t.prismaField({
      type: 'Memory',
      nullable: true,
      description: 'The version that holds now; null if the fact expired or was retracted.',
      select: (_args, _ctx, nestedSelection) => ({
        memories: { ...nestedSelection({}), where: { knownTo: null }, take: 1 },
      }),
      resolve: (_query, { memories: [head] }) => head ?? null,
    }),
  }),
});

builder.queryFields((t) => ({
  timeline: t.prismaField({
    type: Timeline,
    description: 'All versions of the fact that a memory belongs to. Errors: INVALID_INPUT, FORBIDDEN, NOT_FOUND.',
    args: { memoryId: t.arg.id({ required: true, description: 'UUID of any of its versions.' }) },
    resolve: (query, _root, { memoryId }, { deps, caller }) => getTimeline(deps, caller, { memoryId }, query),
  }),
}));
