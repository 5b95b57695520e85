import { deleteMemories, type DeleteMemoriesResult } from '../../core/delete-memories.js';
import { builder } from '../builder.js';

const DeleteMemoriesInput = builder.inputType('DeleteMemoriesInput', {
  description: 'memoryId alone; or a session, a tenant, or a session of a tenant; nothing: the default tenant.',
  fields: (t) => ({
    memoryId: t.id({ description: 'UUID of one memory.' }),
    sessionId: t.string({ description: 'One conversation.' }),
    tenantId: t.string({ description: 'One tenant; left out: the default one.' }),
    allTenants: t.boolean({ description: 'Every tenant of the account.' }),
  }),
});

const DeleteMemoriesPayload = builder.objectRef<DeleteMemoriesResult>('DeleteMemoriesPayload').implement({
  description: 'What is gone.',
  fields: (t) => ({
    deletedCount: t.exposeInt('deletedCount', { description: 'How many memories were deleted.' }),
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Position of the newest event after this write.' }),
  }),
});

builder.mutationFields((t) => ({
  deleteMemories: t.field({
    type: DeleteMemoriesPayload,
    description:
      'Deletes for good, history included; an event with ids and a count remains. Errors: INVALID_INPUT; NOT_FOUND and FORBIDDEN for one memory.',
    args: { input: t.arg({ type: DeleteMemoriesInput, required: true, description: 'What to delete.' }) },
    resolve: (_root, { input }, { deps, caller }) => deleteMemories(deps, caller, input),
  }),
}));
