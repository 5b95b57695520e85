import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

/** A request asks one thing after the other: between two of them it is not yet done. */
const BETWEEN_MS = 10;
/** For so long others are let through: bulk work goes on, however many they are. */
const MOST_MS = 250;

/**
 * Lets bulk work give way on a pool of one connection: resolves once nobody has used it for a moment, or after a quarter of a
 * second. Each statement of a search would else wait for a whole batch.
 */
export function giveWayOn(pool: pg.Pool): () => Promise<void> {
  let inUse = 0;
  let lastUse = 0;
  pool.on('acquire', () => void (inUse += 1));
  pool.on('release', () => {
    inUse -= 1;
    lastUse = performance.now();
  });
  const isWanted = (): boolean => inUse > 0 || pool.waitingCount > 0 || performance.now() - lastUse < BETWEEN_MS;
  return async () => {
    const deadline = performance.now() + MOST_MS;
    while (isWanted() && performance.now() < deadline) await pause(BETWEEN_MS / 2);
  };
}
