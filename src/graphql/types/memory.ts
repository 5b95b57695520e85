import { freshness } from '../../core/rules/freshness.js';
import { isCurrent, knownUntil, memoryState, momentOf } from '../../core/rules/validity.js';
import { builder } from '../builder.js';
import { Audit } from './audit.js';
import { SourceCitation } from './source-citation.js';

export const MemoryState = builder.enumType('MemoryState', {
  description: 'What became of a memory.',
  values: {
    CURRENT: { description: 'Held true now.' },
    SUPERSEDED: { description: 'Replaced by a newer version.' },
    EXPIRED: { description: 'Its window in valid time has ended, and nothing replaced it.' },
    RETRACTED: { description: 'It turned out never to have been true.' },
  },
});

export const Memory = builder.prismaObject('Memory', {
  description: 'One version of one fact. Its text never changes; its windows close when something replaces it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'UUID, the same at both doors.' }),
    text: t.exposeString('text', { description: 'The fact. On REST: decision, summary, content.' }),
    topic: t.exposeString('topic', { description: 'A label such as Employment; General if none was given.' }),
    importance: t.exposeInt('importance', { description: '1 (trivial) to 10 (critical).' }),
    source: t.exposeString('source', { description: 'Where it came from, such as agent, agent_session, slack.' }),
    tenantId: t.string({
      nullable: true,
      description: 'The tenant; null for the default one.',
      resolve: ({ tenantId }) => tenantId || null,
    }),
    sessionId: t.exposeString('sessionId', { nullable: true, description: 'The conversation it was said in.' }),
    createdAt: t.expose('knownFrom', { type: 'DateTime', description: 'When it was stored.' }),
    validFrom: t.expose('validFrom', { type: 'DateTime', description: 'Valid time: true in the world from here.' }),
    validTo: t.expose('validTo', {
      type: 'DateTime',
      nullable: true,
      description: 'Valid time: true until just before; null while it holds.',
    }),
    knownFrom: t.expose('knownFrom', {
      type: 'DateTime',
      description: "Transaction time: held current by the server from here. The server's clock alone.",
    }),
    knownTo: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Transaction time: held current until just before; null while it is.',
      resolve: (memory, _args, { deps }) => knownUntil(memory, momentOf(memory, deps.now())),
    }),
    state: t.field({
      type: MemoryState,
      description: 'What became of it.',
      resolve: (memory, _args, { deps }) => memoryState(memory, momentOf(memory, deps.now())),
    }),
    isCurrent: t.boolean({
      description: 'Whether its state is CURRENT.',
      resolve: (memory, _args, { deps }) => isCurrent(memory, momentOf(memory, deps.now())),
    }),
    freshness: t.float({
      description:
        '0 to 1: halves with each half-life (a setting of the key) of its age; 0 once it is not current. Never ranks.',
      resolve: async (memory, _args, { deps, settings }) =>
        freshness(
          { createdAt: memory.knownFrom, isCurrent: isCurrent(memory, momentOf(memory, deps.now())) },
          (await settings()).freshnessHalfLifeDays,
          momentOf(memory, deps.now()),
        ),
    }),
    supersededBy: t.relation('supersededBy', { nullable: true, description: 'The version that replaced it.' }),
    supersedes: t.relation('supersedes', {
      description: 'The versions it replaced, oldest first.',
      query: { orderBy: { createdSeq: 'asc' } },
    }),
    timeline: t.relation('chain', { description: 'All versions of the fact, this one included.' }),
    sourceCitation: t.field({
      type: SourceCitation,
      description: 'What it was taken from.',
      select: { capture: true },
      resolve: (memory) => memory,
    }),
    audit: t.field({
      type: Audit,
      description: 'Where it came from and all that happened to it.',
      select: {
        capture: true,
        eventsAfter: { include: { apiKey: true } },
        eventsBefore: { include: { apiKey: true } },
      },
      resolve: (memory) => memory,
    }),
  }),
});
