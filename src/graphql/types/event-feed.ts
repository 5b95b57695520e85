import { followEvents, type FeedItem, type FollowInput } from '../../core/follow-events.js';
import { followSupersessions } from '../../core/follow-supersessions.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';
import { EventKind, MemoryEvent } from './memory-event.js';

export const FeedOpened = builder.objectRef<{ cursor: bigint }>('FeedOpened').implement({
  description: 'The first message of a feed: it is on, and what follows happened after this cursor.',
  fields: (t) => ({
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Where the feed begins.' }),
  }),
});

const EventFilter = builder.inputType('EventFilter', {
  description: 'Narrows a feed, at the server. All conditions must hold; a list of names means any of them.',
  fields: (t) => ({
    tenantId: t.string({ description: 'The tenant; left out: every tenant; "": the default one.' }),
    topics: t.stringList({ description: 'Exact topics of the memories.' }),
    sources: t.stringList({ description: 'Exact sources of the writes.' }),
  }),
});

const RESUME =
  'After a drop, subscribe again with the cursor of the last event: nothing is missed or repeated. Errors: INVALID_INPUT, CURSOR_EXPIRED, RATE_LIMITED.';

/** What each type of the feeds' unions is made of. */
const toMessage = (item: FeedItem) => (item.kind === 'OPENED' ? { cursor: item.cursor } : item.event);
const resolveType = (message: object) => ('seq' in message ? 'MemoryEvent' : 'FeedOpened');

const MemoryFeedItem = builder.unionType('MemoryFeedItem', {
  description: 'FeedOpened once, then an event for each thing that happened.',
  types: [FeedOpened, MemoryEvent],
  resolveType,
});

const SupersessionFeedItem = builder.unionType('SupersessionFeedItem', {
  description: 'FeedOpened once, then an event for each supersession.',
  types: [FeedOpened, MemoryEvent],
  resolveType,
});

interface FeedArgs extends Pick<FollowInput, 'after' | 'kinds'> {
  filter?: object | null | undefined;
}

const toInput = ({ filter, ...args }: FeedArgs): FollowInput => ({ ...filter, ...args });

builder.subscriptionFields((t) => ({
  memoryEvents: t.field({
    type: MemoryFeedItem,
    description: `Everything that happens to the memories of the account, in order, once. ${RESUME}`,
    args: {
      after: t.arg({ type: 'Cursor', description: 'Begin after this cursor; left out: from now on.' }),
      kinds: t.arg({ type: [EventKind], description: 'Any of these; left out: all.' }),
      filter: t.arg({ type: EventFilter, description: 'Narrows the feed.' }),
    },
    subscribe: (_root, args, { deps, caller }) =>
      stoppable((signal) => followEvents(deps, caller, toInput(args), { signal })),
    resolve: toMessage,
  }),
  supersessions: t.field({
    type: SupersessionFeedItem,
    description: `Every supersession of the account, in order, once. ${RESUME}`,
    args: {
      after: t.arg({ type: 'Cursor', description: 'Begin after this cursor; left out: from now on.' }),
      filter: t.arg({ type: EventFilter, description: 'Narrows the feed.' }),
    },
    subscribe: (_root, args, { deps, caller }) =>
      stoppable((signal) => followSupersessions(deps, caller, toInput(args), signal)),
    resolve: toMessage,
  }),
}));
