import type { ErasureCertificate } from '../core/erase-subject.js';
import type { MemoryEvent } from '../core/get-audit.js';
import type { ChangePage } from '../core/list-changes.js';
import type { ErasurePage } from '../core/list-erasures.js';
import type { DeliveryPage, WebhookDelivery } from '../core/list-webhooks.js';
import type { ProposalPage, SupersessionProposal } from '../core/list-proposals.js';
import { DEFAULT_PAGE, pageSize, toPageCursor, toSequence } from './page-cursor.js';

interface ForwardArgs {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

/** A page of what is listed oldest first, by sequence number. @throws AppError INVALID_INPUT */
export const oldestFirstArgs = ({ first, after }: ForwardArgs) => ({
  limit: pageSize('first', first ?? DEFAULT_PAGE),
  after: toSequence('after', after),
});

/** A page of what is listed newest first, by sequence number. @throws AppError INVALID_INPUT */
export const newestFirstArgs = ({ first, after }: ForwardArgs) => ({
  limit: pageSize('first', first ?? DEFAULT_PAGE),
  before: toSequence('after', after),
});

/** Rows with a sequence number as Relay's connection, forward only. */
function toConnection<Row extends { seq: bigint }>(
  after: string | null | undefined,
  rows: readonly Row[],
  hasMore: boolean,
) {
  const edges = rows.map((node) => ({ cursor: toPageCursor(node.seq), node }));
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

export const toChangeConnection = (after: string | null | undefined, { events, hasMore }: ChangePage) =>
  toConnection<MemoryEvent>(after, events, hasMore);

export const toProposalConnection = (after: string | null | undefined, { proposals, hasMore }: ProposalPage) =>
  toConnection<SupersessionProposal>(after, proposals, hasMore);

export const toDeliveryConnection = (after: string | null | undefined, { deliveries, hasMore }: DeliveryPage) =>
  toConnection<WebhookDelivery>(after, deliveries, hasMore);

export const toErasureConnection = (after: string | null | undefined, { certificates, hasMore }: ErasurePage) =>
  toConnection<ErasureCertificate>(after, certificates, hasMore);
