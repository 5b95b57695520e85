import type { SearchHit, SearchPage } from '../core/search-memories.js';
import { pageSize, toPageCursor, toSequence } from './page-cursor.js';

const DEFAULT_HITS = 10;

interface ForwardArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

/** A page of what is ordered by rank, by place. @throws AppError INVALID_INPUT */
export function offsetArgs({ first, after }: ForwardArgs) {
  const before = toSequence('after', after);
  return {
    limit: pageSize('first', first ?? DEFAULT_HITS),
    offset: before === undefined ? 0 : Number(before) + 1,
  };
}

/** A page as Relay's connection, forward only. */
export function toSearchConnection({ hits, offset, hasMore }: SearchPage) {
  const edges = hits.map((node: SearchHit, i) => ({ cursor: toPageCursor(BigInt(offset + i)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: hasMore,
      hasPreviousPage: offset > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
