import type { KeyPage } from '../core/list-keys.js';
import { AppError } from '../errors.js';
import { DEFAULT_PAGE, pageSize } from './page-cursor.js';

interface ForwardArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

const PLACE = /^k:(\d{1,15}):([0-9a-f-]{36})$/;

/** A page of keys, by the instant at which they were made. @throws AppError INVALID_INPUT */
export function keyPageArgs({ first, after }: ForwardArgs) {
  const limit = pageSize('first', first ?? DEFAULT_PAGE);
  if (after == null) return { limit };
  const [, ms, id] = PLACE.exec(Buffer.from(after, 'base64url').toString()) ?? [];
  if (ms === undefined) throw new AppError('INVALID_INPUT', 'after: is not a cursor of this list', { field: 'after' });
  return { limit, after: { createdAt: new Date(Number(ms)), id } };
}

/** Keys as Relay's connection, forward only. */
export function toKeyConnection(after: string | null | undefined, { keys, hasMore }: KeyPage) {
  const edges = keys.map((node) => ({
    cursor: Buffer.from(`k:${node.createdAt.getTime()}:${node.id}`).toString('base64url'),
    node,
  }));
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
