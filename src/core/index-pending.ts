import { setTimeout as pause } from 'node:timers/promises';
import { indexPending } from '../store/pending.js';
import type { Deps } from './deps.js';
import type { Journal } from './re-embed.js';

export interface PendingIndexing {
  /** Says that there is something to do: a bulk import calls it when it has written. */
  wake(): void;
  stop(): Promise<void>;
}

/** Memories that one statement puts there: searches wait for it where the database has one session. */
const STATEMENT_ROWS = 8;
/** When nobody said that there is something to do: what another server left, or wrote. */
const NEXT_LOOK_MS = 30_000;

/**
 * Puts memories that were written without it into the vector index, in the background, a few at a time. Searches find them
 * before as well, only not as fast. Servers that share a database may do it at once: each row is changed by one of them.
 */
export function startIndexing(
  { db, embedder, giveWay }: Pick<Deps, 'db' | 'embedder' | 'giveWay'>,
  journal: Journal,
): PendingIndexing {
  const stopping = new AbortController();
  let nudge = new AbortController();
  const round = async (): Promise<void> => {
    let count = 0;
    while (!stopping.signal.aborted) {
      await giveWay();
      const changed = await indexPending(db, embedder.id, STATEMENT_ROWS);
      if (changed === 0) break;
      count += changed;
    }
    if (count > 0) journal.info({ count }, 'memories are in the vector index');
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      nudge = new AbortController();
      await round().catch((err: unknown) =>
        journal.warn({ err }, 'putting memories into the vector index is interrupted'),
      );
      const signal = AbortSignal.any([nudge.signal, stopping.signal]);
      await pause(NEXT_LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const ended = run();
  return {
    wake: () => nudge.abort(),
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}
