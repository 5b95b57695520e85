import { queryFromInfo } from '@pothos/plugin-prisma';
import { addMemories, type AddMemoriesResult } from '../../core/add-memories.js';
import { toOutcomes } from '../../core/rules/fact-outcomes.js';
import type { RecordedDecision } from '../../core/record-decisions.js';
import type { RecordedDraft } from '../../core/record-drafts.js';
import { builder } from '../builder.js';
import { LlmInput } from './llm-input.js';
import { Memory } from './memory.js';
import { Span } from './source-citation.js';
import { ModelCall, TokenUse } from './token-use.js';
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
    name: t.string({
      description: 'Who speaks, where several people share a role: facts then name them. At most 64 characters.',
    }),
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
    dryRun: t.boolean({
      description: 'Work out what would be extracted and superseded, and write nothing. Models are asked, and counted.',
    }),
    llm: t.field({ type: LlmInput, description: "Extract with the caller's own model; with messages only." }),
  }),
});

const SkippedFact = builder.objectRef<RecordedDraft>('SkippedFact').implement({
  description: 'A fact that was not stored, because a current memory of the same source and channel says the same.',
  fields: (t) => ({
    text: t.string({ description: 'The fact.', resolve: ({ draft }) => draft.text }),
    existingId: t.id({
      description: 'UUID of the memory that says so already; null in a dry run, where a fact of the same write does.',
      nullable: true,
      resolve: ({ memoryId }) => memoryId,
    }),
  }),
});

const SupersessionDecision = builder
  .objectRef<RecordedDecision & { newId: string | null }>('SupersessionDecision')
  .implement({
    description: 'What the classifier found about a new memory and one that was current.',
    fields: (t) => ({
      oldId: t.exposeID('rivalId', {
        description: 'UUID of the memory that was current, or the id of an earlier fact of the same write.',
      }),
      newId: t.exposeID('newId', { nullable: true, description: 'UUID of the new memory; null in a dry run.' }),
      verdict: t.expose('verdict', { type: Verdict, description: 'Whether the new one replaces the old one.' }),
      confidence: t.exposeFloat('confidence', { description: 'How sure the classifier is, 0 to 1.' }),
      reason: t.exposeString('reason', { description: 'Why, in a sentence.' }),
      provider: t.exposeString('provider', { description: 'Such as anthropic, or offline for the rules.' }),
      model: t.exposeString('model', { description: 'Which model decided.' }),
      promptVersion: t.exposeString('promptVersion', { description: 'Version of the prompt or of the rules.' }),
      isApplied: t.exposeBoolean('isApplied', {
        description: 'Whether the old window was closed; in a dry run whether it would be.',
      }),
      proposalId: t.id({
        nullable: true,
        description: 'UUID of the proposal for a person to decide, where the classifier was not sure enough.',
        resolve: ({ proposalId, newId }) => (newId === null ? null : proposalId),
      }),
      isProposed: t.boolean({
        description: 'Whether it is left to a person; in a dry run whether it would be.',
        resolve: ({ proposalId }) => proposalId !== null,
      }),
    }),
  });

const FactOutcome = builder.objectRef<RecordedDraft>('FactOutcome').implement({
  description: 'What became of one fact of a write; in a dry run what would.',
  fields: (t) => ({
    id: t.id({ description: 'What the supersessions of this reply call it.', resolve: ({ draft }) => draft.id }),
    text: t.string({ description: 'The fact.', resolve: ({ draft }) => draft.text }),
    topic: t.string({ description: 'What it is about.', resolve: ({ draft }) => draft.topic }),
    importance: t.int({ description: '1 (trivial) to 10 (critical).', resolve: ({ draft }) => draft.importance }),
    validFrom: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'True from when, where the text or the write says so; null: from when it is stored.',
      resolve: ({ draft }) => draft.validFrom,
    }),
    messageIndex: t.int({
      nullable: true,
      description: 'Which message states it, from 0; null for content.',
      resolve: ({ draft }) => draft.messageIndex,
    }),
    span: t.field({
      type: Span,
      nullable: true,
      description: 'Where in that message.',
      resolve: ({ draft }) => draft.span,
    }),
    memoryId: t.exposeID('memoryId', {
      nullable: true,
      description: 'UUID of the memory that holds it; null in a dry run unless one did before.',
    }),
    isDuplicate: t.exposeBoolean('isDuplicate', { description: 'It was known already, and not stored again.' }),
    skippedReason: t.exposeString('skippedReason', {
      nullable: true,
      description: 'Why the classifier was not asked; null where it was.',
    }),
    supersessions: t.field({
      type: [SupersessionDecision],
      description: 'What the classifier found about it.',
      resolve: (fact) => toOutcomes([fact]),
    }),
  }),
});

const AddMemoriesPayload = builder.objectRef<AddMemoriesResult>('AddMemoriesPayload').implement({
  description: 'What a write brought.',
  fields: (t) => ({
    memories: t.field({
      type: [Memory],
      description: 'The stored memories, in the order of the text; those that were already there included.',
      resolve: ({ readMemories }) => readMemories(),
    }),
    extracted: t.stringList({
      description: 'The facts found in the messages, stored or not; empty for content.',
      resolve: ({ drafts, mode }) => (mode === 'messages' ? drafts.map(({ draft }) => draft.text) : []),
    }),
    facts: t.field({
      type: [FactOutcome],
      description: 'Each fact with its evidence and what became of it.',
      resolve: ({ drafts }) => [...drafts],
    }),
    isDryRun: t.exposeBoolean('isDryRun', { description: 'Nothing was written.' }),
    skipped: t.field({
      type: [SkippedFact],
      description: 'Facts that were already known.',
      resolve: ({ drafts }) => drafts.filter(({ isDuplicate }) => isDuplicate),
    }),
    supersessions: t.field({
      type: [SupersessionDecision],
      description: 'What the classifier found, applied or not.',
      resolve: ({ drafts }) => toOutcomes(drafts),
    }),
    extraction: t.field({
      type: ModelCall,
      nullable: true,
      description: 'Who extracted; null for content.',
      resolve: ({ extraction }) => extraction,
    }),
    usage: t.expose('usage', { type: TokenUse, description: 'Tokens of extraction and classification together.' }),
    cursor: t.expose('cursor', { type: 'Cursor', description: 'Position of the newest event after this write.' }),
  }),
});

builder.mutationFields((t) => ({
  addMemories: t.field({
    type: AddMemoriesPayload,
    description:
      'Stores a fact, or the facts of a conversation. All or nothing. Errors: INVALID_INPUT, QUOTA_EXCEEDED, UPSTREAM_FAILED, UPSTREAM_UNAVAILABLE; with llm also LLM_KEY_REFUSED, LLM_MODEL_REFUSED, LLM_RATE_LIMITED.',
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
