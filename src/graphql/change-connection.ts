import type { MemoryEvent } from '../core/get-audit.js';
import type { ChangePage } from '../core/list-changes.js';
import { DEFAULT_PAGE, pageSize, toPageCursor, toSequence } from './page-cursor.js';

interface ForwardArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

/** A page of events by sequence number. @throws AppError INVALID_INPUT */
export const changePageArgs = ({ first, after }: ForwardArgs) => ({
  limit: pageSize('first', first ?? DEFAULT_PAGE),
  after: toSequence('after', after),
});

/** A page as Relay's connection, forward only. */
export function toChangeConnection(after: string | null | undefined, { events, hasMore }: ChangePage) {
  const edges = events.map((node: MemoryEvent) => ({ cursor: toPageCursor(node.seq), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: hasMore,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
