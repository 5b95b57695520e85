import type { Caller, Deps } from './deps.js';
import { followEvents, type FeedItem, type FollowInput } from './follow-events.js';

export type { EventKind } from '../store/ledger.js';

/** As followEvents, of supersessions alone. @throws AppError INVALID_INPUT */
export const followSupersessions = (
  deps: Deps,
  caller: Caller,
  input: Omit<FollowInput, 'kinds'>,
  signal: AbortSignal,
): AsyncGenerator<FeedItem> => followEvents(deps, caller, { ...input, kinds: ['SUPERSEDED'] }, { signal });
