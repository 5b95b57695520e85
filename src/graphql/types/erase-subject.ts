import { eraseSubject, type EraseSubjectResult } from '../../core/erase-subject.js';
import { builder } from '../builder.js';
import { ErasureCertificate, ErasureCounts } from './erasure-certificate.js';

const EraseSubjectInput = builder.inputType('EraseSubjectInput', {
  description: 'Who is to be erased: a tenant, or a session of it.',
  fields: (t) => ({
    tenantId: t.string({ description: 'The tenant; "": the default one.' }),
    sessionId: t.string({ description: 'One conversation, of that tenant or, if none is named, of the default one.' }),
    dryRun: t.boolean({ description: 'Count what would be erased, and erase nothing.' }),
  }),
});

const EraseSubjectPayload = builder.objectRef<EraseSubjectResult>('EraseSubjectPayload').implement({
  description: 'What was erased.',
  fields: (t) => ({
    isDryRun: t.exposeBoolean('isDryRun', { description: 'Nothing was erased: the counts are what would have been.' }),
    counts: t.field({
      type: ErasureCounts,
      description: 'What this call erased: all 0 where there was nothing any more.',
      resolve: ({ counts }) => counts,
    }),
    certificate: t.field({
      type: ErasureCertificate,
      nullable: true,
      description:
        'Of this erasure; where nothing was left to erase, the newest one of the same subject. Null in a dry run.',
      resolve: ({ certificate }) => certificate,
    }),
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Position of the newest event after this write.' }),
  }),
});

builder.mutationFields((t) => ({
  eraseSubject: t.field({
    type: EraseSubjectPayload,
    description:
      'Removes all that is stored of a tenant or a session: memories, history, raw conversations, what events say. A certificate without text or name remains. Again does nothing. Errors: INVALID_INPUT.',
    args: { input: t.arg({ type: EraseSubjectInput, required: true, description: 'Who is to be erased.' }) },
    resolve: (_root, { input }, { deps, caller }) => eraseSubject(deps, caller, input),
  }),
}));
