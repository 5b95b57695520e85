import { followImport } from '../../core/follow-import.js';
import { getImport } from '../../core/get-import.js';
import type { MemoryImport } from '../../core/import-memories.js';
import type { Reading } from '../../core/states.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';

const ImportState = builder.enumType('ImportState', {
  description: 'Where a bulk import stands.',
  values: {
    RUNNING: { description: 'Rows are being stored; or the server ended while they were.' },
    DONE: { description: 'Every row was stored, found to be a duplicate, or rejected.' },
    FAILED: { description: 'It ended before its last row. Sent again it goes on after the last one that was done.' },
  } as const,
});

const Import = builder.objectRef<MemoryImport>('Import').implement({
  description: 'A bulk import: POST /agent/memories/import, or `palimpsest import`.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'UUID.' }),
    key: t.exposeString('key', { description: "The caller's name for it; where there was none, its id." }),
    state: t.field({
      type: ImportState,
      description: 'Where it stands.',
      // The database checks the words.
      resolve: ({ state }) => state as 'RUNNING' | 'DONE' | 'FAILED',
    }),
    failure: t.exposeString('failure', {
      nullable: true,
      description: 'Of a failed one: the code of the error that ended it; STOPPED when its sender left.',
    }),
    rowsTotal: t.exposeInt('rowsTotal', { description: 'Lines that are not blank.' }),
    rowsDone: t.exposeInt('rowsDone', { description: 'Rows that are committed, from the first.' }),
    stored: t.exposeInt('stored', { description: 'Of these, how many became memories.' }),
    duplicates: t.exposeInt('duplicates', { description: 'How many were known already.' }),
    rejected: t.exposeInt('rejected', { description: 'How many could not be stored.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last came further.' }),
  }),
});

builder.queryFields((t) => ({
  import: t.field({
    type: Import,
    description: 'A bulk import of the account. Errors: NOT_FOUND, INVALID_INPUT.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, { id }, { deps, caller }) => getImport(deps, caller, { id }),
  }),
}));

builder.subscriptionFields((t) => ({
  importProgress: t.field({
    type: Import,
    description:
      'An import as it is now, then each time it has come further; ends once it is done or has failed. Errors: NOT_FOUND, INVALID_INPUT.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    subscribe: (_root, { id }, { deps, caller }) => stoppable((signal) => followImport(deps, caller, { id }, signal)),
    resolve: ({ state }: Reading<MemoryImport>) => state,
  }),
}));
