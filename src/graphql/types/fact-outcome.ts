import type { RecordedDecision } from '../../core/record-decisions.js';
import type { RecordedDraft } from '../../core/record-drafts.js';
import { toOutcomes } from '../../core/rules/fact-outcomes.js';
import { builder } from '../builder.js';
import { Span } from './source-citation.js';
import { Verdict } from './verdict.js';

export const SkippedFact = builder.objectRef<RecordedDraft>('SkippedFact').implement({
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

export const SupersessionDecision = builder
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

export const FactOutcome = builder.objectRef<RecordedDraft>('FactOutcome').implement({
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
