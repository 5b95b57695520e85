import { readProposalAt, type ProposalRow } from '../store/proposals.js';
import type { Caller, Deps } from './deps.js';
import { followEvents, type FeedItem, type FollowInput } from './follow-events.js';

/** As followEvents, of supersessions that were proposed for review. @throws AppError INVALID_INPUT, CURSOR_EXPIRED */
export const followProposals = (
  deps: Deps,
  caller: Caller,
  input: Pick<FollowInput, 'after' | 'tenantId'>,
  signal: AbortSignal,
): AsyncGenerator<FeedItem> => followEvents(deps, caller, { ...input, kinds: ['PROPOSED'] }, { signal });

/** The proposal that an event told of; null once one of its memories was deleted. */
export const getProposalAt = ({ db }: Deps, accountId: string, seq: bigint): Promise<ProposalRow | null> =>
  readProposalAt(db, accountId, seq);
