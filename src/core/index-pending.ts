import { setTimeout as pause } from 'node:timers/promises';
import type { Scope } from '../store/listing.js';
import { indexPending } from '../store/pending.js';
import type { Deps } from './deps.js';
import { keptName } from './kept-names.js';
import type { Journal } from './re-embed.js';

export interface PendingIndexing {
  /** Says of a tenant that it is large: what of it is not in the vector index yet is put there. */
  look(scope: Scope): void;
  stop(): Promise<void>;
}

/** Memories that one statement puts there: searches wait for it where the database has one session. */
const STATEMENT_ROWS = 3;
/** A tenant in use is looked at so often: what is written meanwhile is put there together. */
const BETWEEN_LOOKS_MS = 2_000;

/**
 * Puts memories of large tenants into the vector index, in the background, a few at a time: every memory is written without
 * it. Searches find them before as well, only not as fast. Those of small tenants stay out: to compare them all is faster,
 * and what the index holds of others is in the way of whoever looks for their own. What a server leaves undone is done once
 * the tenant is searched again. Servers that share a database may do it at once: each row is changed by one of them.
 */
export function startIndexing(
  { db, embedder, giveWay }: Pick<Deps, 'db' | 'embedder' | 'giveWay'>,
  journal: Journal,
): PendingIndexing {
  const stopping = new AbortController();
  let wake = (): void => undefined;
  const waiting = new Map<string, Scope>();
  const { signal } = stopping;
  const isStopping = (): boolean => signal.aborted;
  const indexAll = async (scope: Scope): Promise<void> => {
    let count = 0;
    while (!isStopping()) {
      await giveWay();
      const changed = await indexPending(db, scope, embedder.id, STATEMENT_ROWS);
      if (changed === 0) break;
      count += changed;
    }
    if (count > 0) journal.info({ count }, 'memories are in the vector index');
  };
  const run = async (): Promise<void> => {
    while (!isStopping()) {
      for (const [name, scope] of [...waiting]) {
        waiting.delete(name);
        await indexAll(scope).catch((err: unknown) =>
          journal.warn({ err }, 'putting memories into the vector index is interrupted'),
        );
      }
      if (waiting.size === 0 && !isStopping()) await new Promise<void>((resolve) => (wake = resolve));
      await pause(BETWEEN_LOOKS_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const ended = run();
  return {
    look: ({ accountId, tenantId }) => {
      waiting.set(keptName({ accountId, tenantId }), { accountId, tenantId });
      wake();
    },
    stop: () => {
      stopping.abort();
      wake();
      return ended;
    },
  };
}
