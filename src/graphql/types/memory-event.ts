import type { EventKind as EventKindName } from '../../core/follow-supersessions.js';
import { builder } from '../builder.js';
import { Verdict } from './verdict.js';

export const EventKind = builder.enumType('EventKind', {
  description: 'What happened.',
  values: {
    CREATED: { description: 'A memory was stored.' },
    SUPERSEDED: { description: 'A memory was replaced by another.' },
    EXPIRED: { description: 'A memory was given an end, and no successor.' },
    RETRACTED: { description: 'A memory turned out never to have been true.' },
    REVERTED: { description: 'A supersession was undone by a new version.' },
    CLASSIFIED: { description: 'The classifier compared a memory with a new one.' },
    PROPOSED: { description: 'A supersession awaits review.' },
    REVIEWED: { description: 'A proposed supersession was approved or rejected.' },
    DELETED: { description: 'Memories were deleted.' },
  },
});

/** The database checks the words. */
export const toEventKind = ({ kind }: { kind: string }): EventKindName => kind as EventKindName;

const Cause = builder.prismaObject('MemoryEvent', {
  variant: 'Cause',
  description: 'Why an event happened.',
  fields: (t) => ({
    apiKeyName: t.string({
      description: 'Name of the API key that caused it.',
      select: { apiKey: { select: { name: true } } },
      resolve: ({ apiKey }) => apiKey.name,
    }),
    source: t.exposeString('source', { nullable: true, description: "The new memory's source." }),
    verdict: t.field({
      type: Verdict,
      nullable: true,
      description: "The classifier's verdict, if it was asked.",
      resolve: ({ verdict }) => verdict as 'supersedes' | 'refines' | 'independent' | null,
    }),
    confidence: t.exposeFloat('confidence', { nullable: true, description: 'How sure it was, 0 to 1.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why, in a sentence.' }),
    model: t.exposeString('model', { nullable: true, description: 'Which model decided.' }),
  }),
});

export const MemoryEvent = builder.prismaObject('MemoryEvent', {
  description: 'Something that happened to the memories of the account.',
  fields: (t) => ({
    cursor: t.expose('seq', { type: 'Cursor', description: 'Its position: resume a feed after it.' }),
    kind: t.field({ type: EventKind, description: 'What happened.', resolve: toEventKind }),
    at: t.expose('createdAt', { type: 'DateTime', description: 'Transaction time of the write.' }),
    cause: t.variant(Cause, { description: 'Why it happened.' }),
    memory: t.relation('memory', {
      nullable: true,
      description: 'The memory it is about; of a supersession the new version. Null once deleted.',
    }),
    before: t.relation('before', { nullable: true, description: 'Of a supersession the version that was replaced.' }),
  }),
});
