import { readAccount } from '../store/accounts.js';
import { authorize } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import { readUsage } from '../store/token-usage.js';
import { blockOf, planUsage, startOfPeriod, type PlanUsage } from './rules/quota.js';

export interface PlanStatus extends PlanUsage {
  orgId: string;
  tier: string;
  status: string;
  /** The quota is used up: writes are refused, reads still work. */
  isInGracePeriod: boolean;
  /** Reads are refused too: the plan was canceled, or the grace period is over. */
  isBlocked: boolean;
}

/** The account's plan, what it has written in this period, and what is left. */
export async function planStatus(deps: Deps, caller: Caller): Promise<PlanStatus> {
  authorize(caller, 'settings');
  return readPlanStatus(deps, caller.accountId);
}

/** As planStatus, for whoever may see it. */
export async function readPlanStatus({ db, config, now }: Deps, accountId: string): Promise<PlanStatus> {
  const account = await readAccount(db, accountId);
  const usage = planUsage(account, config.writesLimits, now());
  const isBlocked = blockOf(account, config, now()) !== null;
  return {
    ...usage,
    orgId: account.id,
    tier: account.planTier,
    status: account.planStatus,
    isInGracePeriod: usage.isUsedUp && !isBlocked,
    isBlocked,
  };
}

/** What one API key had one model do this month, for one purpose. */
export interface TokenUsage {
  apiKeyId: string;
  apiKeyName: string;
  purpose: 'EXTRACTION' | 'CLASSIFICATION' | 'ANSWER';
  provider: string;
  model: string;
  isByoLlm: boolean;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

/**
 * Tokens that the account's keys had models take since the month began (UTC), by key, purpose and model; where the caller is bound to
 * a tenant, those of keys that are bound to the same.
 */
export async function tokenUsage({ db, now }: Deps, caller: Caller): Promise<TokenUsage[]> {
  authorize(caller, 'settings');
  const rows = await readUsage(db, caller, startOfPeriod(now()));
  return rows.map(({ apiKey, purpose, calls, inputTokens, outputTokens, ...row }) => ({
    ...row,
    apiKeyName: apiKey.name,
    // The database checks the words.
    purpose: purpose as TokenUsage['purpose'],
    calls: Number(calls),
    inputTokens: Number(inputTokens),
    outputTokens: Number(outputTokens),
  }));
}
