import {
  planStatus,
  tokenUsage,
  type PlanStatus as PlanStatusShape,
  type TokenUsage as TokenUsageShape,
} from '../../core/plan-status.js';
import { followPlan } from '../../core/follow-plan.js';
import type { Reading } from '../../core/states.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';

const Purpose = builder.enumType('TokenPurpose', {
  description: 'What a model was asked for.',
  values: {
    EXTRACTION: { description: 'To find facts in messages.' },
    CLASSIFICATION: { description: 'To tell whether a fact replaces another.' },
    ANSWER: { description: 'To answer a question.' },
  } as const,
});

const TokenUsage = builder.objectRef<TokenUsageShape>('TokenUsage').implement({
  description: 'What one API key had one model do this month (UTC), for one purpose.',
  fields: (t) => ({
    apiKeyId: t.exposeID('apiKeyId', { description: 'UUID of the key.' }),
    apiKeyName: t.exposeString('apiKeyName', { description: 'Its name.' }),
    purpose: t.expose('purpose', { type: Purpose, description: 'What for.' }),
    provider: t.exposeString('provider', { description: 'Whose model.' }),
    model: t.exposeString('model', { description: "The model's id." }),
    isByoLlm: t.exposeBoolean('isByoLlm', { description: "Whether it was the caller's own." }),
    calls: t.exposeFloat('calls', { description: 'How often: a whole number.' }),
    inputTokens: t.exposeFloat('inputTokens', { description: 'Tokens read: a whole number.' }),
    outputTokens: t.exposeFloat('outputTokens', { description: 'Tokens written: a whole number.' }),
  }),
});

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
    tokenUsage: t.field({
      type: [TokenUsage],
      description: 'Tokens by API key, purpose and model since the month began. The offline rules take none.',
      resolve: (_plan, _args, { deps, caller }) => tokenUsage(deps, caller),
    }),
    isBlocked: t.exposeBoolean('isBlocked', {
      description: 'Reads are refused too: the plan is canceled, or its grace period over.',
    }),
  }),
});

builder.queryFields((t) => ({
  planStatus: t.field({
    type: PlanStatus,
    description: 'Plan and usage of the account.',
    resolve: (_root, _args, { deps, caller }) => planStatus(deps, caller),
  }),
}));

builder.subscriptionFields((t) => ({
  planStatusChanged: t.field({
    type: PlanStatus,
    description: 'The plan at once, and again whenever what it says has changed. Errors: RATE_LIMITED.',
    subscribe: (_root, _args, { deps, caller }) => stoppable((signal) => followPlan(deps, caller, signal)),
    resolve: ({ state }: Reading<PlanStatusShape>) => state,
  }),
}));
