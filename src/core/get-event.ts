import { readWholeEvent, type WholeEvent } from '../store/events.js';
import type { Caller, Deps } from './deps.js';

export type { WholeEvent } from '../store/events.js';

/** An event that a feed of this caller gave out, with its cause and its memories. */
export const getEvent = ({ db }: Deps, caller: Caller, seq: bigint): Promise<WholeEvent> =>
  readWholeEvent(db, caller, seq);
