import { auditDetails } from '../../core/rules/audit-trail.js';
import type { Capture, Memory } from '../../core/get-memory.js';
import type { MemoryEvent } from '../../core/get-audit.js';
import { builder } from '../builder.js';
import { EventKind, toEventKind } from './memory-event.js';
import { SourceCitation } from './source-citation.js';

type EventBy = MemoryEvent & { apiKey: { name: string } };

/** A memory with all that its audit shows. */
export type AuditedMemory = Memory & { capture: Capture; eventsAfter: EventBy[]; eventsBefore: EventBy[] };

const AuditDetail = builder.objectRef<[string, unknown]>('AuditDetail').implement({
  description: 'One thing that an event says.',
  fields: (t) => ({
    name: t.string({ description: 'Such as supersededBy, validTo, reason.', resolve: ([name]) => name }),
    value: t.string({
      description: 'As text; JSON where it is no plain text.',
      resolve: ([, value]) => (typeof value === 'string' ? value : JSON.stringify(value)),
    }),
  }),
});

const AuditEvent = builder.objectRef<EventBy & { of: string }>('AuditEvent').implement({
  description: 'Something that happened to a memory.',
  fields: (t) => ({
    kind: t.field({ type: EventKind, description: 'What happened.', resolve: toEventKind }),
    at: t.expose('createdAt', { type: 'DateTime', description: 'Transaction time.' }),
    by: t.string({ description: 'Name of the API key that did it.', resolve: ({ apiKey }) => apiKey.name }),
    cursor: t.expose('seq', { type: 'Cursor', description: "Position in the account's sequence of events." }),
    details: t.field({
      type: [AuditDetail],
      description: 'What else is recorded.',
      resolve: (event) => Object.entries(auditDetails(event, event.of)),
    }),
  }),
});

const AuditExtraction = builder.objectRef<Capture>('AuditExtraction').implement({
  description: 'How a memory was taken from a conversation.',
  fields: (t) => ({
    provider: t.exposeString('provider', {
      nullable: true,
      description: 'Such as anthropic, or offline for the rules.',
    }),
    model: t.exposeString('model', { nullable: true, description: "The model's id." }),
    promptVersion: t.exposeString('promptVersion', { nullable: true, description: 'Version of the prompt or rules.' }),
    isByoLlm: t.exposeBoolean('isByoLlm', { description: "Whether it was the caller's own model." }),
    inputTokens: t.exposeInt('inputTokens', { nullable: true, description: 'Tokens the whole write read.' }),
    outputTokens: t.exposeInt('outputTokens', { nullable: true, description: 'Tokens the whole write produced.' }),
  }),
});

export const Audit = builder.objectRef<AuditedMemory>('Audit').implement({
  description: 'Where a memory came from and all that happened to it.',
  fields: (t) => ({
    provenance: t.field({ type: SourceCitation, description: 'The evidence.', resolve: (memory) => memory }),
    originalInput: t.string({
      description: 'The whole input: the fact as sent, or the conversation as JSON.',
      resolve: ({ capture, text }) => (capture.messages === null ? text : JSON.stringify(capture.messages)),
    }),
    extraction: t.field({
      type: AuditExtraction,
      nullable: true,
      description: 'Who extracted it; null for a fact stored verbatim.',
      resolve: ({ capture }) => (capture.provider === null ? null : capture),
    }),
    history: t.field({
      type: [AuditEvent],
      description: 'Every event, oldest first. Of a supersession both sides have it.',
      resolve: ({ id, eventsAfter, eventsBefore }) =>
        [...eventsAfter, ...eventsBefore].sort((a, b) => Number(a.seq - b.seq)).map((event) => ({ ...event, of: id })),
    }),
  }),
});
