import { planStatus, type PlanStatus as PlanStatusShape } from '../../core/plan-status.js';
import { builder } from '../builder.js';

const PlanStatus = builder.objectRef<PlanStatusShape>('PlanStatus').implement({
  description: "The account's plan and what it has written in this period. One write is one memory stored.",
  fields: (t) => ({
    orgId: t.exposeID('orgId', { description: "The account's UUID." }),
    tier: t.exposeString('tier', { description: 'starter or pro.' }),
    status: t.exposeString('status', { description: 'active, past_due or canceled.' }),
    writesUsed: t.exposeInt('writesUsed', { description: 'Memories stored in this period.' }),
    writesLimit: t.exposeInt('writesLimit', { description: 'Memories that may be stored in one period.' }),
    writesRemaining: t.exposeInt('writesRemaining', { description: 'Limit minus used.' }),
    periodStart: t.expose('periodStart', {
      type: 'DateTime',
      description: 'Start of the period, a calendar month in UTC.',
    }),
    isInGracePeriod: t.exposeBoolean('isInGracePeriod', {
      description: 'The quota is used up: reads work, writes do not.',
    }),
    isBlocked: t.exposeBoolean('isBlocked', { description: 'Reads are refused too.' }),
  }),
});

builder.queryFields((t) => ({
  planStatus: t.field({
    type: PlanStatus,
    description: 'Plan and usage of the account.',
    resolve: (_root, _args, { deps, caller }) => planStatus(deps, caller),
  }),
}));
