import { queryFromInfo } from '@pothos/plugin-prisma';
import { addMemories, type AddMemoriesResult, type Attribution } from '../../core/add-memories.js';
import type { RecordedDecision, RecordedDraft } from '../../core/record-drafts.js';
import { builder } from '../builder.js';
import { Memory } from './memory.js';
import { Verdict } from './verdict.js';

const MessageRole = builder.enumType('MessageRole', {
  description: 'Who speaks.',
  values: {
    USER: { value: 'user', description: 'The person.' },
    ASSISTANT: { value: 'assistant', description: 'The agent.' },
    SYSTEM: { value: 'system', description: 'Instructions to the agent: nothing is extracted from them.' },
  },
});

const MessageInput = builder.inputType('MessageInput', {
  description: 'One message of a conversation.',
  fields: (t) => ({
    role: t.field({ type: MessageRole, required: true, description: 'Who speaks.' }),
    content: t.string({ required: true, description: 'What was said, 1 to 100,000 characters.' }),
  }),
});

const AddMemoriesInput = builder.inputType('AddMemoriesInput', {
  description: 'Exactly one of content (stored as it is) and messages (facts are extracted).',
  fields: (t) => ({
    content: t.string({ description: 'A fact to store verbatim, 1 to 50,000 characters.' }),
    messages: t.field({ type: [MessageInput], description: 'A conversation of 1 to 1,000 messages.' }),
    topic: t.string({ description: 'With content only; General if left out.' }),
    importance: t.int({ description: 'With content only; 1 to 10, clamped; 5 if left out.' }),
    source: t.string({
      description: 'Where it comes from; agent for content, agent_session for messages if left out.',
    }),
    tenantId: t.string({ description: 'The tenant it belongs to; left out: the default one.' }),
    sessionId: t.string({ description: 'The conversation it belongs to.' }),
    validFrom: t.field({
      type: 'DateTime',
      description:
        'True from when; for messages the date of the conversation. Left out: now. Transaction time is never given.',
    }),
    supersedes: t.id({
      description:
        'With content only: UUID of any version of the fact. The new one takes its place among them, by validFrom.',
    }),
    idempotencyKey: t.string({
      description: 'At most 255 characters. The same key and input again gives the same reply, for 24 hours.',
    }),
    autoSupersede: t.boolean({ description: "Whether to close the facts it replaces; left out: the key's setting." }),
  }),
});

const SkippedFact = builder.objectRef<RecordedDraft>('SkippedFact').implement({
  description: 'A fact that was not stored, because a current memory of the same source and channel says the same.',
  fields: (t) => ({
    text: t.string({ description: 'The fact.', resolve: ({ draft }) => draft.text }),
    existingId: t.exposeID('memoryId', { description: 'UUID of the memory that says so already.' }),
  }),
});

const SupersessionDecision = builder.objectRef<RecordedDecision & { newId: string }>('SupersessionDecision').implement({
  description: 'What the classifier found about a new memory and one that was current.',
  fields: (t) => ({
    oldId: t.exposeID('rivalId', { description: 'UUID of the memory that was current.' }),
    newId: t.exposeID('newId', { description: 'UUID of the new memory.' }),
    verdict: t.expose('verdict', { type: Verdict, description: 'Whether the new one replaces the old one.' }),
    confidence: t.exposeFloat('confidence', { description: 'How sure the classifier is, 0 to 1.' }),
    reason: t.exposeString('reason', { description: 'Why, in a sentence.' }),
    model: t.exposeString('model', { description: 'Which model decided.' }),
    isApplied: t.exposeBoolean('isApplied', { description: 'Whether the old window was closed.' }),
  }),
});

const Extraction = builder.objectRef<Attribution>('Extraction').implement({
  description: 'How facts were taken from a conversation.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'Such as anthropic, or offline for the built-in rules.' }),
    model: t.exposeString('model', { description: "The model's id." }),
    promptVersion: t.exposeString('promptVersion', { description: 'Version of the prompt or of the rules.' }),
    inputTokens: t.int({ description: 'Tokens read.', resolve: ({ usage }) => usage.inputTokens }),
    outputTokens: t.int({ description: 'Tokens written.', resolve: ({ usage }) => usage.outputTokens }),
  }),
});

const AddMemoriesPayload = builder.objectRef<AddMemoriesResult>('AddMemoriesPayload').implement({
  description: 'What a write brought.',
  fields: (t) => ({
    memories: t.field({
      type: [Memory],
      description: 'The stored memories, in the order of the text; those that were already there included.',
      resolve: ({ memories }) => [...memories],
    }),
    extracted: t.stringList({
      description: 'The facts found in the messages, stored or not; empty for content.',
      resolve: ({ drafts, mode }) => (mode === 'messages' ? drafts.map(({ draft }) => draft.text) : []),
    }),
    skipped: t.field({
      type: [SkippedFact],
      description: 'Facts that were already known.',
      resolve: ({ drafts }) => drafts.filter(({ isDuplicate }) => isDuplicate),
    }),
    supersessions: t.field({
      type: [SupersessionDecision],
      description: 'What the classifier found, applied or not.',
      resolve: ({ drafts }) =>
        drafts.flatMap(({ decisions, memoryId }) => decisions.map((decision) => ({ ...decision, newId: memoryId }))),
    }),
    extraction: t.field({
      type: Extraction,
      nullable: true,
      description: 'Who extracted; null for content.',
      resolve: ({ extraction }) => extraction,
    }),
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Position of the newest event after this write.' }),
  }),
});

builder.mutationFields((t) => ({
  addMemories: t.field({
    type: AddMemoriesPayload,
    description:
      'Stores a fact, or the facts of a conversation. All or nothing. Errors: INVALID_INPUT, QUOTA_EXCEEDED, UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE.',
    args: { input: t.arg({ type: AddMemoriesInput, required: true, description: 'What to store.' }) },
    resolve: (_root, { input }, ctx, info) =>
      addMemories(
        ctx.deps,
        ctx.caller,
        input,
        queryFromInfo({ context: ctx, info, typeName: 'Memory', path: ['memories'] }),
      ),
  }),
}));
