import { queryFromInfo } from '@pothos/plugin-prisma';
import {
  approveSupersession,
  rejectSupersession,
  type ApproveSupersessionResult,
  type RejectSupersessionResult,
} from '../../core/review-supersession.js';
import { supersessionPrecision, type CategoryPrecision as PrecisionShape } from '../../core/supersession-precision.js';
import { builder } from '../builder.js';
import { Memory } from './memory.js';

const AFTER_WRITE = 'Position of the newest event after this write.';

const ApproveSupersessionInput = builder.inputType('ApproveSupersessionInput', {
  description: 'A proposal to carry out.',
  fields: (t) => ({
    proposalId: t.id({ required: true, description: 'UUID of the proposal.' }),
    validTo: t.field({
      type: 'DateTime',
      description: 'Until when the old memory was true; left out: until the new one began to be.',
    }),
    reason: t.string({ description: 'Why, for the audit trail; at most 1,000 characters.' }),
  }),
});

const RejectSupersessionInput = builder.inputType('RejectSupersessionInput', {
  description: 'A proposal to refuse.',
  fields: (t) => ({
    proposalId: t.id({ required: true, description: 'UUID of the proposal.' }),
    reason: t.string({ description: 'Why, for the audit trail; at most 1,000 characters.' }),
  }),
});

const ApproveSupersessionPayload = builder
  .objectRef<ApproveSupersessionResult>('ApproveSupersessionPayload')
  .implement({
    description: 'A supersession that was carried out.',
    fields: (t) => ({
      memory: t.field({ type: Memory, description: 'The superseded memory.', resolve: ({ memory }) => memory }),
      proposalId: t.exposeID('proposalId', { description: 'UUID of the proposal.' }),
      cursor: t.expose('cursor', { type: 'Cursor', description: AFTER_WRITE }),
    }),
  });

const RejectSupersessionPayload = builder.objectRef<RejectSupersessionResult>('RejectSupersessionPayload').implement({
  description: 'A supersession that was refused.',
  fields: (t) => ({
    proposalId: t.exposeID('proposalId', { description: 'UUID of the proposal.' }),
    cursor: t.expose('cursor', { type: 'Cursor', description: AFTER_WRITE }),
  }),
});

const CategoryPrecision = builder.objectRef<PrecisionShape>('CategoryPrecision').implement({
  description: 'How right the classifier was about one category, as reviews and reverts tell.',
  fields: (t) => ({
    category: t.exposeString('category', { description: 'Topic of the facts that were written.' }),
    applied: t.exposeInt('applied', { description: 'Supersessions made without a person.' }),
    reverted: t.exposeInt('reverted', { description: 'Of these, those that somebody undid.' }),
    open: t.exposeInt('open', { description: 'Proposals that nobody decided.' }),
    approved: t.exposeInt('approved', { description: 'Proposals that were approved.' }),
    rejected: t.exposeInt('rejected', { description: 'Proposals that were rejected.' }),
    reviewPrecision: t.exposeFloat('reviewPrecision', {
      nullable: true,
      description: 'approved / (approved + rejected), 0 to 1; null before the first review.',
    }),
    appliedPrecision: t.exposeFloat('appliedPrecision', {
      nullable: true,
      description: '(applied - reverted) / applied, 0 to 1; null before the first.',
    }),
  }),
});

builder.queryFields((t) => ({
  supersessionPrecision: t.field({
    type: [CategoryPrecision],
    description: 'How right the classifier was in a tenant, by category. Errors: INVALID_INPUT.',
    args: { tenantId: t.arg.string({ description: 'The tenant; left out: the default one.' }) },
    resolve: (_root, args, { deps, caller }) => supersessionPrecision(deps, caller, args),
  }),
}));

builder.mutationFields((t) => ({
  approveSupersession: t.field({
    type: ApproveSupersessionPayload,
    description:
      'Carries out a proposed supersession. Errors: INVALID_INPUT, NOT_FOUND; CONFLICT when it is decided already, or one of its memories was closed.',
    args: { input: t.arg({ type: ApproveSupersessionInput, required: true, description: 'What to carry out.' }) },
    resolve: (_root, { input }, ctx, info) =>
      approveSupersession(
        ctx.deps,
        ctx.caller,
        input,
        queryFromInfo({ context: ctx, info, typeName: 'Memory', path: ['memory'] }),
      ),
  }),
  rejectSupersession: t.field({
    type: RejectSupersessionPayload,
    description:
      'Refuses a proposed supersession: both memories stand. Errors: INVALID_INPUT, NOT_FOUND; CONFLICT when it is decided already.',
    args: { input: t.arg({ type: RejectSupersessionInput, required: true, description: 'What to refuse.' }) },
    resolve: (_root, { input }, { deps, caller }) => rejectSupersession(deps, caller, input),
  }),
}));
