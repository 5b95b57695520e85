import { z } from 'zod';
import { asSystem } from './act-for.js';
import { AppError } from '../errors.js';
import { updatePlan, type Account } from '../store/accounts.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { actorOf } from './key-grants.js';
import type { KeyDeps } from './make-key.js';
import { optional, parseInput, uuid } from './parse-input.js';
import { PLAN_STATUSES, PLAN_TIERS } from './rules/quota.js';

export type { Account } from '../store/accounts.js';

const setPlanInput = z
  .object({ accountId: uuid, plan: optional(z.enum(PLAN_TIERS)), status: optional(z.enum(PLAN_STATUSES)) })
  .refine(({ plan, status }) => plan !== undefined || status !== undefined, { error: 'give plan, status, or both' });

export type SetPlanInput = z.input<typeof setPlanInput>;

/**
 * Sets an account's plan, its status, or both; what it has used stays counted. Callers learn of it within a second. For
 * operators. @throws AppError INVALID_INPUT, NOT_FOUND
 */
export async function setPlan(
  { db, keys, journal, now }: KeyDeps,
  input: Unchecked<SetPlanInput>,
  by = 'operator',
): Promise<Account> {
  const { accountId, plan, status } = parseInput(setPlanInput, input);
  const changes = { ...(plan && { planTier: plan }), ...(status && { planStatus: status }) };
  const account = await updatePlan(db, accountId, changes, now());
  if (!account) throw new AppError('NOT_FOUND', 'There is no such account.', { field: 'accountId' });
  keys?.forgetAccount(accountId);
  journal?.info({ accountId, ...changes, by }, 'plan set');
  return account;
}

/** As setPlan, by a key of the operator's: of any account, its own or another. @throws AppError FORBIDDEN; see setPlan */
export async function adminSetPlan(deps: Deps, caller: Caller, input: Unchecked<SetPlanInput>): Promise<Account> {
  authorize(caller, 'admin');
  return asSystem(() => setPlan(deps, input, actorOf(caller)));
}
