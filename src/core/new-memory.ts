import type { NewEvent } from '../store/ledger.js';
import type { NewMemory } from '../store/memories.js';
import type { CheckedAddMemories } from './add-memories-input.js';
import type { Draft } from './draft-facts.js';

export interface Origin {
  source: string;
  channel: string;
}

/** Where a write comes from: the documented defaults differ by mode, and a session is its own channel. */
export function originOf({
  messages,
  source,
  sessionId,
}: Pick<CheckedAddMemories, 'messages' | 'source' | 'sessionId'>): Origin {
  const origin = source ?? (messages ? 'agent_session' : 'agent');
  return { source: origin, channel: sessionId ?? origin };
}

/** The event that a draft becomes a memory. */
export const toCreated = (draft: Omit<Draft, 'embedding'>, about: { tenantId: string; source: string }): NewEvent => ({
  kind: 'CREATED',
  ...about,
  topic: draft.topic,
  memoryId: draft.id,
  // The documented word for how a memory came in.
  details: { shape: draft.messageIndex === undefined ? 'legacy_content' : 'messages' },
});

/** A draft as the row that is stored. */
export const toNewMemory = (
  draft: Omit<Draft, 'embedding'> & Pick<NewMemory, 'embedding'>,
  place: Pick<NewMemory, 'chainId' | 'isFirst' | 'closed' | 'createdSeq' | 'validFrom'>,
): NewMemory => ({
  chainId: place.chainId,
  isFirst: place.isFirst,
  closed: place.closed,
  createdSeq: place.createdSeq,
  validFrom: place.validFrom,
  id: draft.id,
  text: draft.text,
  topic: draft.topic,
  importance: draft.importance,
  importanceWord: draft.importanceWord,
  messageIndex: draft.messageIndex,
  spanStart: draft.span?.start,
  spanEnd: draft.span?.end,
  embedding: draft.embedding,
});
