import { z } from 'zod';
import { AppError } from '../errors.js';
import { updatePlan, type Account } from '../store/accounts.js';
import type { Deps, Unchecked } from './deps.js';
import { optional, parseInput, uuid } from './parse-input.js';
import { PLAN_STATUSES, PLAN_TIERS } from './rules/quota.js';

const setPlanInput = z
  .object({ accountId: uuid, plan: optional(z.enum(PLAN_TIERS)), status: optional(z.enum(PLAN_STATUSES)) })
  .refine(({ plan, status }) => plan !== undefined || status !== undefined, { error: 'give plan, status, or both' });

export type SetPlanInput = z.input<typeof setPlanInput>;

/**
 * Sets an account's plan, its status, or both; what it has used stays counted. Callers learn of it with their next request. For
 * operators. @throws AppError INVALID_INPUT, NOT_FOUND
 */
export async function setPlan({ db }: Pick<Deps, 'db'>, input: Unchecked<SetPlanInput>): Promise<Account> {
  const { accountId, plan, status } = parseInput(setPlanInput, input);
  const changes = { ...(plan && { planTier: plan }), ...(status && { planStatus: status }) };
  const account = await updatePlan(db, accountId, changes);
  if (!account) throw new AppError('NOT_FOUND', 'There is no such account.', { field: 'accountId' });
  return account;
}
