import type { Caller, Deps } from './deps.js';
import { outlast } from './outlast.js';
import { planStatus, type PlanStatus } from './plan-status.js';

/** What changes without an event, as a plan by hand or a new month, is noticed at most this late. */
const LOOK_MS = 5_000;

/** The account's plan at once, and again whenever what it says has changed, for as long as the caller keeps asking. */
export async function* followPlan(deps: Deps, caller: Caller, signal: AbortSignal): AsyncGenerator<PlanStatus> {
  let last = '';
  while (!signal.aborted) {
    const woken = deps.wakeups.next(caller.accountId, LOOK_MS, signal); // armed before the read, so that nothing falls between
    const plan = await outlast(() => planStatus(deps, caller), signal);
    const said = JSON.stringify(plan);
    if (said !== last) yield plan;
    last = said;
    await woken;
  }
}
