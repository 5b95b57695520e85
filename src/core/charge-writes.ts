import type { Ledger } from '../store/ledger.js';
import { afterWrites, assertMayWrite, planUsage, type WritesLimits } from './rules/quota.js';

/** Counts memories that are about to be stored, under the account's lock. @throws AppError QUOTA_EXCEEDED: then none may be */
export function chargeWrites(ledger: Ledger, limits: WritesLimits, count: number): void {
  const usage = planUsage(ledger.account, limits, ledger.at);
  assertMayWrite(usage, count);
  ledger.countWrites(afterWrites(usage, count, ledger.at));
}
