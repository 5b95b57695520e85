import { readAccount } from '../store/accounts.js';
import type { Caller, Deps } from './deps.js';
import { planUsage, type PlanUsage } from './rules/quota.js';

export interface PlanStatus extends PlanUsage {
  orgId: string;
  tier: string;
  status: string;
  /** Reads are refused too: the grace period ended without an upgrade. */
  isBlocked: boolean;
}

/** The account's plan, what it has written in this period, and what is left. */
export async function planStatus({ db, config, now }: Deps, caller: Caller): Promise<PlanStatus> {
  const account = await readAccount(db, caller.accountId);
  const usage = planUsage(account, config.writesLimits, now());
  return { ...usage, orgId: account.id, tier: account.planTier, status: account.planStatus, isBlocked: false };
}
