import { queryFromInfo } from '@pothos/plugin-prisma';
import { addMemories, type AddMemoriesResult } from '../../core/add-memories.js';
import { toOutcomes } from '../../core/rules/fact-outcomes.js';
import { builder } from '../builder.js';
import { FactOutcome, SkippedFact, SupersessionDecision } from './fact-outcome.js';
import { LlmInput } from './llm-input.js';
import { Memory } from './memory.js';
import { ModelCall, TokenUse } from './token-use.js';

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
