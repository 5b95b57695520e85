import { adminSetPlan, type Account } from '../../core/set-plan.js';
import { builder } from '../builder.js';

const PlanTier = builder.enumType('PlanTier', {
  description: 'A plan.',
  values: {
    STARTER: { value: 'starter', description: 'The small one.' },
    PRO: { value: 'pro', description: 'The large one.' },
  } as const,
});

const PlanState = builder.enumType('PlanState', {
  description: 'How a plan stands.',
  values: {
    ACTIVE: { value: 'active', description: 'It is paid for.' },
    PAST_DUE: { value: 'past_due', description: 'It is not, and goes on.' },
    CANCELED: { value: 'canceled', description: 'Reads and writes are refused.' },
  } as const,
});

const SetPlanInput = builder.inputType('SetPlanInput', {
  description: 'Give plan, status, or both.',
  fields: (t) => ({
    accountId: t.id({ required: true, description: 'UUID of any account of the server.' }),
    plan: t.field({ type: PlanTier, description: 'Its plan from now on.' }),
    status: t.field({ type: PlanState, description: 'How it stands.' }),
  }),
});

const SetPlanPayload = builder.objectRef<Account>('SetPlanPayload').implement({
  description: 'An account with its plan.',
  fields: (t) => ({
    accountId: t.exposeID('id', { description: 'UUID of the account.' }),
    // The database checks the words.
    plan: t.field({
      type: PlanTier,
      description: 'Its plan.',
      resolve: ({ planTier }) => planTier as 'starter' | 'pro',
    }),
    status: t.field({
      type: PlanState,
      description: 'How it stands.',
      resolve: ({ planStatus }) => planStatus as 'active' | 'past_due' | 'canceled',
    }),
  }),
});

builder.mutationFields((t) => ({
  setPlan: t.field({
    type: SetPlanPayload,
    description:
      "Sets the plan of any account; its callers are held to it within a second. For the operator's keys: the scope admin is given on the command line, or by a key that has it. Errors: FORBIDDEN, INVALID_INPUT, NOT_FOUND.",
    args: { input: t.arg({ type: SetPlanInput, required: true, description: 'Whose plan, and which.' }) },
    resolve: (_root, { input }, { deps, caller }) => adminSetPlan(deps, caller, input),
  }),
}));
