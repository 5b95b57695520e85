import { readProposalAt, type ProposalRow } from '../store/proposals.js';
import { authorize } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import { followEach, type FeedItem, type FollowInput, type MemoryEvent } from './follow-events.js';

/** As followEvents, of supersessions that were proposed for review. @throws AppError INVALID_INPUT, CURSOR_EXPIRED */
export async function* followProposals(
  deps: Deps,
  caller: Caller,
  input: Pick<FollowInput, 'after' | 'tenantId'>,
  signal: AbortSignal,
): AsyncGenerator<FeedItem> {
  authorize(caller, 'review');
  yield* followEach(deps, caller, { ...input, kinds: ['PROPOSED'] }, { signal });
}

/** The proposal that an event told of; null once one of its memories was deleted. */
export const getProposalAt = (
  { db }: Deps,
  { accountId, seq }: Pick<MemoryEvent, 'accountId' | 'seq'>,
): Promise<ProposalRow | null> => readProposalAt(db, accountId, seq);
