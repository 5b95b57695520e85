import type { MemoryPage } from '../core/list-memories.js';
import { AppError } from '../errors.js';
import { DEFAULT_PAGE, pageSize, toMemoryCursor, toPosition } from './page-cursor.js';
import type { MemoryRow } from '../core/get-memory.js';

export interface PageArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

export interface MemoryConnectionShape {
  edges: { cursor: string; node: MemoryRow }[];
  nodes: readonly MemoryRow[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
  cursor: bigint;
  count: () => Promise<number>;
}

/** Relay's arguments as a page by creation order. @throws AppError INVALID_INPUT */
export function pageArgs({ first, after, last, before }: PageArgs) {
  if (first != null && last != null)
    throw new AppError('INVALID_INPUT', 'last: give either first or last', { field: 'last' });
  return {
    limit: last == null ? pageSize('first', first ?? DEFAULT_PAGE) : pageSize('last', last),
    fromOldest: last != null,
    olderThan: toPosition('after', after),
    newerThan: toPosition('before', before),
  };
}

/** A page as Relay's connection: https://relay.dev/graphql/connections.htm */
export function toConnection({ last, after, before }: PageArgs, page: MemoryPage): MemoryConnectionShape {
  const edges = page.memories.map((node) => ({
    cursor: toMemoryCursor({ at: page.isByValidTime ? node.validFrom : node.knownFrom, createdSeq: node.createdSeq }),
    node,
  }));
  const isBackward = last != null;
  return {
    edges,
    nodes: page.memories,
    pageInfo: {
      hasNextPage: isBackward ? before != null : page.hasMore,
      hasPreviousPage: isBackward ? page.hasMore : after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    cursor: page.cursor,
    count: page.count,
  };
}
