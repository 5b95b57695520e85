const FIRST = 200;
const FEWEST = 50;
const MOST = 1_000;
/** The embedded database has one session: everybody else waits for as long as one batch takes. */
const TARGET_MS = 200;

/** How many rows the first batch of an import takes. */
export const FIRST_BATCH = FIRST;

/** How many rows the next one takes, after a full one of `rows` took `ms` in the database: at most twice as many, or half. */
export function nextBatchSize(rows: number, ms: number): number {
  const factor = Math.min(2, Math.max(0.5, TARGET_MS / Math.max(1, ms)));
  return Math.min(MOST, Math.max(FEWEST, Math.round(rows * factor)));
}
