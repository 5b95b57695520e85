import { AppError } from '../../errors.js';

export const PLAN_TIERS = ['starter', 'pro'] as const;
export const PLAN_STATUSES = ['active', 'past_due', 'canceled'] as const;
export type PlanTier = (typeof PLAN_TIERS)[number];
export type WritesLimits = Readonly<Record<PlanTier, number>>;

export interface PlanUsage {
  writesUsed: number;
  writesLimit: number;
  writesRemaining: number;
  /** Start of the billing month, UTC; usage counts from here. */
  periodStart: Date;
  /** The quota is used up: reads work, writes are refused. */
  isInGracePeriod: boolean;
}

interface AccountUsage {
  planTier: string;
  writesUsed: number;
  periodStart: Date;
}

/** A canceled plan reads no more either; one that is past due goes on until the operator cancels it. */
export const isBlocked = (planStatus: string): boolean => planStatus === 'canceled';

/** First instant of the UTC month: periods are calendar months. */
export const startOfPeriod = (now: Date): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));

/** An account's usage at `now`: what was counted in an earlier period counts no more. */
export function planUsage(account: AccountUsage, limits: WritesLimits, now: Date): PlanUsage {
  const currentPeriod = startOfPeriod(now);
  const isSamePeriod = account.periodStart.getTime() >= currentPeriod.getTime();
  const writesUsed = isSamePeriod ? account.writesUsed : 0;
  const writesLimit = limits[account.planTier === 'pro' ? 'pro' : 'starter'];
  return {
    writesUsed,
    writesLimit,
    writesRemaining: Math.max(0, writesLimit - writesUsed),
    periodStart: isSamePeriod ? account.periodStart : currentPeriod,
    isInGracePeriod: writesUsed >= writesLimit,
  };
}

/** One write is one memory saved. A request is written whole or not at all. @throws AppError QUOTA_EXCEEDED */
export function assertMayWrite(usage: PlanUsage, count: number): void {
  if (count <= usage.writesRemaining) return;
  throw new AppError(
    'QUOTA_EXCEEDED',
    `The write quota is used up: ${usage.writesUsed} of ${usage.writesLimit} writes used, ${count} more asked for.`,
  );
}
