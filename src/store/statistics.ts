import { setTimeout as pause } from 'node:timers/promises';
import { asSystem, type GuardedPool } from './guard.js';

const LOOK_MS = 15_000;
/** As autovacuum does, by somewhat larger steps: each look at a table stands before everybody's statements. */
const MOST_CHANGED = { rows: 250, share: 0.2 };
/** A table of so many bytes that was never looked at has something in it to know. */
const LEAST_BYTES = 262_144;

/** Of tables that are one's own: those that changed a good deal since they were looked at, and those that never were. */
const STALE = `
  SELECT format('%I.%I', s.schemaname, s.relname) AS name
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
  WHERE pg_has_role(c.relowner, 'USAGE')
    AND (s.n_mod_since_analyze > ${MOST_CHANGED.rows} + ${MOST_CHANGED.share} * greatest(c.reltuples, 0)
      OR (c.reltuples < 0 AND pg_relation_size(c.oid) > ${LEAST_BYTES}))`;

/**
 * Keeps what PostgreSQL knows of its tables up to date, by which it plans: the embedded one has no autovacuum to do so, and
 * without it a write beside ten thousand memories took five times as long. `giveWay`: lets others go first.
 */
export function keepStatistics(pool: GuardedPool, giveWay: () => Promise<void>): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const isStopping = (): boolean => signal.aborted;
  const run = async (): Promise<void> => {
    while (!isStopping()) {
      await pause(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!isStopping()) await analyzeStale(pool, giveWay).catch(() => undefined); // the next look makes it good
    }
  };
  const ended = asSystem(run);
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

/**
 * Has PostgreSQL look at each table of which it knows too little. Gives their names. Bulk work asks for it too: autovacuum comes once
 * a minute, and meanwhile a table of fifteen thousand rows was read whole for each of those that were to be compared.
 */
export async function analyzeStale(pool: GuardedPool, giveWay: () => Promise<void>): Promise<string[]> {
  await giveWay();
  const { rows } = await asSystem(() => pool.query<{ name: string }>(STALE));
  for (const { name } of rows) {
    await giveWay();
    await asSystem(() => pool.query(`ANALYZE (SKIP_LOCKED) ${name}`));
  }
  return rows.map(({ name }) => name);
}
