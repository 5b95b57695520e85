import { z } from 'zod';
import { tallyByCategory, type CategoryTally } from '../store/proposals.js';
import { authorize, tenantOf } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { parseInput, tenantId } from './parse-input.js';

const precisionInput = z.object({ tenantId });

export interface CategoryPrecision extends CategoryTally {
  /** Share of the reviewed proposals that were approved, 0 to 1; null before the first review. */
  reviewPrecision: number | null;
  /** Share of the supersessions made without a person that nobody undid, 0 to 1; null before the first. */
  appliedPrecision: number | null;
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** How right the classifier was in a tenant, by category (a memory's topic), as people's reviews and reverts tell. */
export async function supersessionPrecision(
  { db }: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof precisionInput>>,
): Promise<CategoryPrecision[]> {
  authorize(caller, 'review');
  const { tenantId: tenant } = parseInput(precisionInput, input);
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, tenant) };
  const tallies = await tallyByCategory(db, scope);
  return tallies.map((tally) => ({
    ...tally,
    reviewPrecision: share(tally.approved, tally.approved + tally.rejected),
    appliedPrecision: share(tally.applied - tally.reverted, tally.applied),
  }));
}
