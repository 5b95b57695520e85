import { actForAccount } from './act-for.js';
import { authorize } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import { readPlanStatus, type PlanStatus } from './plan-status.js';
import type { Reading } from './states.js';

/** The account's plan at once, and again whenever what it says has changed, for as long as the caller keeps asking. */
export async function* followPlan(
  deps: Deps,
  caller: Caller,
  signal: AbortSignal,
): AsyncGenerator<Reading<PlanStatus>> {
  authorize(caller, 'settings');
  const { accountId } = caller;
  const read = (): Promise<PlanStatus> => actForAccount(caller, () => readPlanStatus(deps, accountId));
  yield* deps.states.follow({ name: `plan ${accountId}`, accountId, read }, signal);
}
