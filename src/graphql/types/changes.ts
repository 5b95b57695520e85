import { queryFromInfo } from '@pothos/plugin-prisma';
import { listChanges } from '../../core/list-changes.js';
import { builder } from '../builder.js';
import { oldestFirstArgs, toChangeConnection } from '../seq-connection.js';
import { MemoryFilter } from './memories.js';
import { MemoryEvent } from './memory-event.js';

const MemoryEventEdge = builder.edgeObject({
  type: MemoryEvent,
  name: 'MemoryEventEdge',
  description: 'One event in a page.',
});

const MemoryEventConnection = builder.connectionObject(
  { type: MemoryEvent, name: 'MemoryEventConnection', description: 'A page of events, oldest first.' },
  MemoryEventEdge,
);

builder.queryFields((t) => ({
  changes: t.field({
    type: MemoryEventConnection,
    description:
      'What changed in a tenant between two instants of transaction time: created, superseded, expired, retracted, reverted, deleted. Errors: INVALID_INPUT.',
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'At or after this instant.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'Before this instant.' }),
      filter: t.arg({
        type: MemoryFilter,
        description: 'tenantId, sources and topics; the other conditions do not apply.',
      }),
      first: t.arg.int({ description: 'How many, 1 to 100 (default 50).' }),
      after: t.arg.string({ description: 'endCursor of the page before.' }),
      atLeast: t.arg({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    },
    resolve: async (_root, { filter, first, after, ...args }, ctx, info) =>
      toChangeConnection(
        after,
        await listChanges(
          ctx.deps,
          ctx.caller,
          { ...filter, ...args, ...oldestFirstArgs({ first, after }) },
          queryFromInfo({ context: ctx, info, typeName: 'MemoryEvent', path: ['edges', 'node'] }),
        ),
      ),
  }),
}));
