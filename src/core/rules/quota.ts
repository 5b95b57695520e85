import { AppError } from '../../errors.js';

export const PLAN_TIERS = ['starter', 'pro'] as const;
export const PLAN_STATUSES = ['active', 'past_due', 'canceled'] as const;
export type PlanTier = (typeof PLAN_TIERS)[number];
export type WritesLimits = Readonly<Record<PlanTier, number>>;

/** What plans allow, by configuration. */
export interface PlanTerms {
  writesLimits: WritesLimits;
  /** How long reads go on once the quota is used up; undefined: until the period ends. */
  graceDays: number | undefined;
}

export interface PlanUsage {
  writesUsed: number;
  writesLimit: number;
  writesRemaining: number;
  /** Start of the billing month, UTC; usage counts from here. */
  periodStart: Date;
  /** The quota is used up: writes are refused. */
  isUsedUp: boolean;
  /** Since when it is, as far as that is known. */
  usedUpAt: Date | null;
}

interface AccountUsage {
  planTier: string;
  writesUsed: number;
  periodStart: Date;
  usedUpAt: Date | null;
}

/** Why an account may not even read. */
export type Block = 'CANCELED' | 'GRACE_OVER';

const DAY_MS = 86_400_000;

/**
 * A canceled plan reads no more either; one that is past due goes on until the operator cancels it. A quota that is used up blocks
 * reads too once its grace period is over, until a larger plan or a new period.
 */
export function blockOf(
  account: AccountUsage & { planStatus: string },
  { writesLimits, graceDays }: PlanTerms,
  now: Date,
): Block | null {
  if (account.planStatus === 'canceled') return 'CANCELED';
  if (graceDays === undefined) return null;
  const { isUsedUp, usedUpAt } = planUsage(account, writesLimits, now);
  const isOver = isUsedUp && usedUpAt !== null && now.getTime() - usedUpAt.getTime() >= graceDays * DAY_MS;
  return isOver ? 'GRACE_OVER' : null;
}

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
    isUsedUp: writesUsed >= writesLimit,
    usedUpAt: isSamePeriod ? account.usedUpAt : null,
  };
}

/** What an account has used once it has stored `count` memories more at that instant. */
export function afterWrites(
  { writesUsed, writesLimit, periodStart, isUsedUp, usedUpAt }: PlanUsage,
  count: number,
  at: Date,
): Omit<AccountUsage, 'planTier'> {
  const used = writesUsed + count;
  const since = isUsedUp ? usedUpAt : at;
  return { writesUsed: used, periodStart, usedUpAt: used < writesLimit ? null : since };
}

/** One write is one memory saved. A request is written whole or not at all. @throws AppError QUOTA_EXCEEDED */
export function assertMayWrite(usage: PlanUsage, count: number): void {
  if (count <= usage.writesRemaining) return;
  throw new AppError(
    'QUOTA_EXCEEDED',
    `The write quota is used up: ${usage.writesUsed} of ${usage.writesLimit} writes used, ${count} more asked for.`,
  );
}
