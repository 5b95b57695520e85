import type { ProposalPage, SupersessionProposal } from '../core/list-proposals.js';
import { DEFAULT_PAGE, pageSize, toPageCursor, toSequence } from './page-cursor.js';

interface ForwardArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

/** A page of what is listed newest first, by sequence number. @throws AppError INVALID_INPUT */
export const newestFirstArgs = ({ first, after }: ForwardArgs) => ({
  limit: pageSize('first', first ?? DEFAULT_PAGE),
  before: toSequence('after', after),
});

/** A page as Relay's connection, forward only. */
export function toProposalConnection(after: string | null | undefined, { proposals, hasMore }: ProposalPage) {
  const edges = proposals.map((node: SupersessionProposal) => ({ cursor: toPageCursor(node.seq), node }));
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
