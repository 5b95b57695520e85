import { setTimeout as pause } from 'node:timers/promises';
import { isOutage } from '../errors.js';

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 2_000;

/**
 * Does `work`, and does it again as long as the database is away, after pauses that double. For readers that stay: an outage
 * delays them, and ends nobody's feed. @throws what `work` throws for any other reason, and an outage once `signal` aborts
 */
export async function outlast<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(2 * ms, LAST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || signal.aborted) throw error;
      // Up to twice as long: of many who wait not all come back at the same instant.
      await pause(ms * (1 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}
