import type { Attribution, Usage } from '../models/llm.js';
import { addUsage, type NewUsage } from '../store/token-usage.js';
import type { Caller, Deps } from './deps.js';
import { startOfPeriod } from './rules/quota.js';

export type { Attribution, Usage as TokenCount } from '../models/llm.js';

export interface Spent extends Attribution {
  purpose: NewUsage['purpose'];
  isByoLlm: boolean;
}

/** What calls took, all together. */
export const totalUsage = (calls: readonly { usage: Usage }[]): Usage => ({
  inputTokens: calls.reduce((sum, { usage }) => sum + usage.inputTokens, 0),
  outputTokens: calls.reduce((sum, { usage }) => sum + usage.outputTokens, 0),
});

/** Adds what models took to the sums of the caller's key. Rules take none, and cost no statement. */
export async function countTokens({ db, now }: Deps, caller: Caller, spent: readonly Spent[]): Promise<void> {
  const rows = new Map<string, NewUsage>();
  for (const { purpose, provider, model, isByoLlm, usage } of spent) {
    if (usage.inputTokens + usage.outputTokens === 0) continue;
    const name = JSON.stringify([purpose, provider, model, isByoLlm]);
    const row = rows.get(name) ?? { purpose, provider, model, isByoLlm, calls: 0, inputTokens: 0, outputTokens: 0 };
    row.calls += 1;
    row.inputTokens += usage.inputTokens;
    row.outputTokens += usage.outputTokens;
    rows.set(name, row);
  }
  if (rows.size > 0) await addUsage(db, { ...caller, periodStart: startOfPeriod(now()) }, [...rows.values()]);
}
