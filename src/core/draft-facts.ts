import { randomUUID } from 'node:crypto';
import type { Attribution } from '../models/llm.js';
import { readSessionTexts } from '../store/memories.js';
import type { Scope } from '../store/listing.js';
import type { CheckedAddMemories } from './add-memories-input.js';
import type { Deps } from './deps.js';
import { chooseLlm } from './choose-llm.js';
import { hideOwnWords } from './own-words.js';
import { importanceScore } from './rules/importance.js';

/** A fact that is about to be stored. */
export interface Draft {
  /** The memory's id, if it is stored. */
  id: string;
  text: string;
  topic: string;
  importance: number;
  importanceWord: string | undefined;
  messageIndex: number | undefined;
  span: { start: number; end: number } | undefined;
  /** Undefined: true from when it is stored. */
  validFrom: Date | undefined;
  embedding: Float32Array;
}

export type NewFact = Omit<Draft, 'id' | 'embedding'>;

/** How many facts of the session help the extractor to know who is speaking. */
const KNOWN_FACTS = 20;
const MAX_FACT_LENGTH = 50_000;

/** The facts of one write, with their vectors: the content as it is, or what the model finds in the messages. */
export async function draftFacts(
  deps: Deps,
  scope: Scope,
  input: CheckedAddMemories,
): Promise<{ drafts: Draft[]; extraction: Attribution | null }> {
  const { facts, extraction } = input.messages
    ? await extractFacts(deps, scope, input, input.messages)
    : { facts: [verbatim(input)], extraction: null };
  const embeddings = await deps.embedder.embed(facts.map(({ text }) => text));
  const drafts = facts.map((fact, i) => ({
    ...fact,
    id: randomUUID(),
    embedding: embeddings[i] ?? new Float32Array(deps.embedder.dimensions),
  }));
  return { drafts, extraction };
}

/** A fact as it was sent. */
export const verbatim = (
  input: Pick<CheckedAddMemories, 'content' | 'topic' | 'importance' | 'importanceWord' | 'validFrom'>,
): NewFact => ({
  text: input.content ?? '',
  topic: input.topic ?? 'General',
  importance: importanceScore(input.importance, input.importanceWord),
  importanceWord: input.importance === undefined ? input.importanceWord : undefined,
  messageIndex: undefined,
  span: undefined,
  validFrom: input.validFrom,
});

async function extractFacts(
  deps: Deps,
  scope: Scope,
  { sessionId, validFrom, llm: choice }: CheckedAddMemories,
  messages: NonNullable<CheckedAddMemories['messages']>,
): Promise<{ facts: NewFact[]; extraction: Attribution }> {
  const { db, now } = deps;
  const known = sessionId === undefined ? [] : await readSessionTexts(db, { ...scope, sessionId }, KNOWN_FACTS);
  const [llm, news] = await Promise.all([
    chooseLlm(deps, scope.accountId, choice),
    hideOwnWords(deps, scope, messages),
  ]);
  const { facts, ...extraction } = await llm.extractFacts({ messages: news, sessionDate: validFrom ?? now(), known });
  const usable = facts.filter(({ text }) => text.trim() !== '' && text.length <= MAX_FACT_LENGTH);
  return {
    extraction,
    facts: usable.map((fact) => ({
      text: fact.text,
      topic: fact.topic.slice(0, 128) || 'General',
      importance: importanceScore(fact.importance, undefined),
      importanceWord: undefined,
      messageIndex: fact.messageIndex,
      span: fact.span,
      validFrom: fact.validFrom ?? validFrom,
    })),
  };
}
