import { AppError } from '../errors.js';
import { authenticate } from './authenticate.js';
import type { Caller, Deps } from './deps.js';
import type { Block } from './rules/quota.js';
import type { RateState } from './rules/rate-fields.js';

export interface Admitted {
  caller: Caller;
  /** Where its key stands, to be told with every reply; null without a limit. */
  rate: RateState | null;
}

/** Who sends a request, counted against its key's rate: see `assertWithinRate`. @throws AppError UNAUTHENTICATED */
export async function admit(deps: Deps, authorization: string | null): Promise<Admitted> {
  const caller = await authenticate(deps, authorization);
  return { caller, rate: await deps.rates.count(caller) };
}

/** What neither stores nor gives memories stays open to a blocked account: plan, settings, deletion. @throws AppError PLAN_BLOCKED */
export function assertNotBlocked({ block = null }: Caller): void {
  if (block) throw refusalOf(block);
}

const WHY: Readonly<Record<Block, string>> = {
  CANCELED: "The account's plan is canceled",
  GRACE_OVER: 'The write quota is used up, and the grace period is over',
};

export const refusalOf = (block: Block): AppError =>
  new AppError('PLAN_BLOCKED', `${WHY[block]}: reads and writes are blocked.`);
