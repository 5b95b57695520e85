import { queryFromInfo } from '@pothos/plugin-prisma';
import { retractMemory, type RetractMemoryResult } from '../../core/retract-memory.js';
import { revertSupersession, type RevertSupersessionResult } from '../../core/revert-supersession.js';
import { supersedeMemory, type SupersedeMemoryResult } from '../../core/supersede-memory.js';
import { builder } from '../builder.js';
import { Memory } from './memory.js';

const AFTER_WRITE = 'Position of the newest event after this write.';

const SupersedeMemoryInput = builder.inputType('SupersedeMemoryInput', {
  description: 'supersededBy, validTo, or both.',
  fields: (t) => ({
    memoryId: t.id({ required: true, description: 'UUID of the memory to close.' }),
    supersededBy: t.id({ description: 'UUID of the memory that replaces it; left out: it merely expires.' }),
    validTo: t.field({ type: 'DateTime', description: 'Until when it was true; may lie ahead. Left out: now.' }),
  }),
});

const SupersedeMemoryPayload = builder.objectRef<SupersedeMemoryResult>('SupersedeMemoryPayload').implement({
  description: 'A closed memory.',
  fields: (t) => ({
    memory: t.field({ type: Memory, description: 'The memory as it is now.', resolve: ({ memory }) => memory }),
    cursor: t.expose('cursor', { type: 'Cursor', description: AFTER_WRITE }),
  }),
});

const RetractMemoryInput = builder.inputType('RetractMemoryInput', {
  description: 'A memory that was never true.',
  fields: (t) => ({
    memoryId: t.id({ required: true, description: 'UUID of the memory.' }),
    reason: t.string({ required: true, description: 'Why, for the audit trail; 1 to 1,000 characters.' }),
  }),
});

const RetractMemoryPayload = builder.objectRef<RetractMemoryResult>('RetractMemoryPayload').implement({
  description: 'A retracted memory.',
  fields: (t) => ({
    memory: t.field({ type: Memory, description: 'The memory as it is now.', resolve: ({ memory }) => memory }),
    cursor: t.expose('cursor', { type: 'Cursor', description: AFTER_WRITE }),
  }),
});

const RevertSupersessionInput = builder.inputType('RevertSupersessionInput', {
  description: 'A supersession to undo.',
  fields: (t) => ({
    memoryId: t.id({ required: true, description: 'UUID of the memory that was superseded.' }),
    reason: t.string({ description: 'Why, for the audit trail; at most 1,000 characters.' }),
    validFrom: t.field({ type: 'DateTime', description: 'True again from when; left out: now.' }),
    keepReplacement: t.boolean({
      description: 'Both facts are true: the replacement stays current, and the restored one stands beside it.',
    }),
  }),
});

const RevertSupersessionPayload = builder.objectRef<RevertSupersessionResult>('RevertSupersessionPayload').implement({
  description: 'A restored fact.',
  fields: (t) => ({
    memory: t.field({
      type: Memory,
      description: 'The new version with the old text.',
      resolve: ({ memory }) => memory,
    }),
    cursor: t.expose('cursor', { type: 'Cursor', description: AFTER_WRITE }),
  }),
});

builder.mutationFields((t) => ({
  supersedeMemory: t.field({
    type: SupersedeMemoryPayload,
    description:
      'Closes a memory by hand. Errors: INVALID_INPUT, NOT_FOUND, FORBIDDEN; CONFLICT when it is closed already, or the link would close a circle.',
    args: { input: t.arg({ type: SupersedeMemoryInput, required: true, description: 'What to close, and how.' }) },
    resolve: (_root, { input }, ctx, info) =>
      supersedeMemory(
        ctx.deps,
        ctx.caller,
        input,
        queryFromInfo({ context: ctx, info, typeName: 'Memory', path: ['memory'] }),
      ),
  }),
  retractMemory: t.field({
    type: RetractMemoryPayload,
    description:
      'Says that a memory was never true, which is not "true until". Who asks as of earlier still sees it. Errors: INVALID_INPUT, NOT_FOUND, FORBIDDEN; CONFLICT when it is retracted already.',
    args: { input: t.arg({ type: RetractMemoryInput, required: true, description: 'What was never true, and why.' }) },
    resolve: (_root, { input }, ctx, info) =>
      retractMemory(
        ctx.deps,
        ctx.caller,
        input,
        queryFromInfo({ context: ctx, info, typeName: 'Memory', path: ['memory'] }),
      ),
  }),
  revertSupersession: t.field({
    type: RevertSupersessionPayload,
    description:
      'Undoes a supersession by a new version with the old text; history is never edited. Errors: INVALID_INPUT, NOT_FOUND, FORBIDDEN, QUOTA_EXCEEDED; CONFLICT when it is not superseded.',
    args: { input: t.arg({ type: RevertSupersessionInput, required: true, description: 'What to undo.' }) },
    resolve: (_root, { input }, ctx, info) =>
      revertSupersession(
        ctx.deps,
        ctx.caller,
        input,
        queryFromInfo({ context: ctx, info, typeName: 'Memory', path: ['memory'] }),
      ),
  }),
}));
