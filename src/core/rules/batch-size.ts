const FIRST = 200;
const FEWEST = 50;
const MOST = 1_000;

/** How many rows the first batch of an import takes. */
export const FIRST_BATCH = FIRST;

/**
 * How many rows the next one takes, after a full one of `rows` took `ms` in the database, so that it takes `targetMs`: at most
 * twice as many, or half.
 */
export function nextBatchSize(rows: number, ms: number, targetMs: number): number {
  const factor = Math.min(2, Math.max(0.5, targetMs / Math.max(1, ms)));
  return Math.min(MOST, Math.max(FEWEST, Math.round(rows * factor)));
}
