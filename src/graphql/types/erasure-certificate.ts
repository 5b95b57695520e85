import { documentOf, listErasures } from '../../core/list-erasures.js';
import type { ErasureCertificate as Certificate, ErasureCounts as Counts } from '../../core/erase-subject.js';
import { builder } from '../builder.js';
import { newestFirstArgs, toErasureConnection } from '../seq-connection.js';

export const ErasureCounts = builder.objectRef<Counts>('ErasureCounts').implement({
  description: 'How many rows of each kind are gone.',
  fields: (t) => ({
    memories: t.exposeInt('memories', { description: 'Memories, all versions.' }),
    beliefs: t.exposeInt('beliefs', { description: 'What was believed of them before.' }),
    chains: t.exposeInt('chains', { description: 'Timelines that are left without any.' }),
    captures: t.exposeInt('captures', { description: 'Conversations and facts as they were sent.' }),
    events: t.exposeInt('events', { description: 'Events that were emptied; their places in the feed stay.' }),
    proposals: t.exposeInt('proposals', { description: 'Proposed supersessions.' }),
    replies: t.exposeInt('replies', { description: 'Replies stored by idempotency key.' }),
    sentences: t.exposeInt('sentences', { description: 'Hashes of sentences of answers.' }),
    deliveries: t.exposeInt('deliveries', { description: 'Messages in the log of webhooks.' }),
  }),
});

const SubjectKind = builder.enumType('SubjectKind', {
  description: 'What was erased.',
  values: { TENANT: { description: 'A tenant.' }, SESSION: { description: 'A session of a tenant.' } },
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const ErasureCertificate = builder.objectRef<Certificate>('ErasureCertificate').implement({
  description: 'What remains of an erasure: when, how much, and a hash. No text, and no name.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'UUID.' }),
    subjectKind: t.field({ type: SubjectKind, description: 'What was erased.', resolve: (one) => one.subjectKind }),
    subjectHash: t.string({
      description: "scrypt of its name, salted with the account's id, in hexadecimal.",
      resolve: ({ subjectHash }) => hex(subjectHash),
    }),
    apiKeyId: t.exposeID('apiKeyId', { nullable: true, description: 'The key that asked for it; null: an operator.' }),
    erasedAt: t.expose('erasedAt', { type: 'DateTime', description: 'Transaction time of the erasure.' }),
    clearedAt: t.expose('clearedAt', {
      type: 'DateTime',
      nullable: true,
      description: "Since when the database's files hold nothing of it either; null until an operator vacuums.",
    }),
    counts: t.field({ type: ErasureCounts, description: 'What was erased.', resolve: ({ counts }) => counts }),
    document: t.string({ description: 'All of it but clearedAt, as the JSON text of the hash.', resolve: documentOf }),
    hash: t.string({ description: 'SHA-256 of document, in hexadecimal.', resolve: ({ hash }) => hex(hash) }),
    cursor: t.expose('seq', { type: 'Cursor', description: 'Position of its DELETED event, the last if several.' }),
  }),
});

const ErasureEdge = builder.edgeObject({
  type: ErasureCertificate,
  name: 'ErasureCertificateEdge',
  description: 'One certificate in a page.',
});

const ErasureConnection = builder.connectionObject(
  { type: ErasureCertificate, name: 'ErasureCertificateConnection', description: 'Certificates, newest first.' },
  ErasureEdge,
);

const SubjectInput = builder.inputType('SubjectInput', {
  description: 'A tenant, or a session of it.',
  fields: (t) => ({
    tenantId: t.string({ description: 'The tenant; "": the default one.' }),
    sessionId: t.string({ description: 'One conversation, of that tenant or, if none is named, of the default one.' }),
  }),
});

builder.queryFields((t) => ({
  erasureCertificates: t.field({
    type: ErasureConnection,
    description: 'Certificates of what was erased from the account, newest first. Errors: INVALID_INPUT.',
    args: {
      subject: t.arg({ type: SubjectInput, description: 'Only of this one.' }),
      first: t.arg.int({ description: 'How many, 1 to 100 (default 50).' }),
      after: t.arg.string({ description: 'endCursor of the page before.' }),
    },
    resolve: async (_root, { subject, first, after }, { deps, caller }) =>
      toErasureConnection(after, await listErasures(deps, caller, { subject, ...newestFirstArgs({ first, after }) })),
  }),
}));
