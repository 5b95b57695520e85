import { followSupersessions, type FeedItem } from '../../core/follow-supersessions.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';
import { MemoryEvent } from './memory-event.js';

const FeedOpened = builder.objectRef<{ cursor: bigint }>('FeedOpened').implement({
  description: 'The first message of a feed: it is on, and what follows happened after this cursor.',
  fields: (t) => ({
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Where the feed begins.' }),
  }),
});

const SupersessionFeedItem = builder.unionType('SupersessionFeedItem', {
  description: 'FeedOpened once, then an event for each supersession.',
  types: [FeedOpened, MemoryEvent],
  resolveType: (item) => ('seq' in item ? 'MemoryEvent' : 'FeedOpened'),
});

builder.subscriptionFields((t) => ({
  supersessions: t.field({
    type: SupersessionFeedItem,
    description:
      'Every supersession of the account, in order, once. After a drop, subscribe again with the cursor of the last event: nothing is missed or repeated. Errors: INVALID_INPUT.',
    args: { after: t.arg({ type: 'Cursor', description: 'Begin after this cursor; left out: from now on.' }) },
    subscribe: (_root, { after }, { deps, caller }) =>
      stoppable((signal) => followSupersessions(deps, caller, { after }, signal)),
    resolve: (item: FeedItem) => (item.kind === 'OPENED' ? { cursor: item.cursor } : item.event),
  }),
}));
