import type { RecordedDecision } from '../record-decisions.js';
import type { RecordedDraft } from '../record-drafts.js';

/** Every decision of a write, each with the memory that was new. */
export const toOutcomes = (drafts: readonly RecordedDraft[]): (RecordedDecision & { newId: string | null })[] =>
  drafts.flatMap(({ decisions, memoryId }) => decisions.map((decision) => ({ ...decision, newId: memoryId })));
