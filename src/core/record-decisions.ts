import { randomUUID } from 'node:crypto';
import type { Ledger, NewEvent } from '../store/ledger.js';
import type { NewProposal } from '../store/proposals.js';
import type { Draft } from './draft-facts.js';
import type { Decision, JudgedDraft } from './judge-drafts.js';
import type { Placed } from './open-chains.js';

export interface RecordedDecision extends Decision {
  /** Whether the old window was closed. */
  isApplied: boolean;
  /** The proposal that awaits a review; null if there is none. */
  proposalId: string | null;
}

/** Writes down what the classifier said of new memories: in the events, and as proposals where a person is to decide. */
export class DecisionRecorder {
  readonly proposals: NewProposal[] = [];

  constructor(
    readonly ledger: Ledger,
    readonly origin: { tenantId: string; source: string },
    /** Whether a memory is (still) there: an event can not name one that is gone. */
    readonly isThere: (memoryId: string) => boolean,
  ) {}

  /** Appends CLASSIFIED, SUPERSEDED and PROPOSED for one stored draft. */
  record({ draft, decisions }: JudgedDraft, placed: Placed): RecordedDecision[] {
    const about = { tenantId: this.origin.tenantId, topic: draft.topic, source: this.origin.source };
    const recorded = decisions.map((decision) => ({
      ...decision,
      isApplied: placed.applied.includes(decision.rivalId),
      proposalId: this.#isOpen(decision) ? this.#propose(draft, decision, about) : null,
    }));
    for (const decision of recorded) {
      // Told in the reply; in the audit trail "has nothing to do with it" would only be noise.
      if (decision.verdict === 'independent' || !this.isThere(decision.rivalId)) continue;
      const details = { newMemoryId: draft.id, ...made(decision), applied: decision.isApplied };
      this.ledger.append({
        kind: 'CLASSIFIED',
        ...about,
        memoryId: decision.rivalId,
        ...findings(decision),
        details,
      });
    }
    for (const { beforeId, memoryId, rivalId } of placed.successions) {
      const cause = recorded.find((decision) => decision.rivalId === rivalId);
      const why = cause ? { ...findings(cause), details: made(cause) } : {};
      this.ledger.append({ kind: 'SUPERSEDED', ...about, memoryId, beforeId, ...why });
    }
    return recorded;
  }

  #isOpen({ isProposable, rivalId }: Decision): boolean {
    return isProposable && this.isThere(rivalId);
  }

  #propose(draft: Draft, decision: Decision, about: Pick<NewEvent, 'tenantId' | 'topic' | 'source'>): string {
    const id = randomUUID();
    const [oldId, newId] = decision.isBackDated ? [draft.id, decision.rivalId] : [decision.rivalId, draft.id];
    const { provider, model, promptVersion, confidence, reason } = decision;
    const seq = this.ledger.append({
      kind: 'PROPOSED',
      ...about,
      memoryId: newId,
      beforeId: oldId,
      ...findings(decision),
      details: { proposalId: id, ...made(decision) },
    });
    this.proposals.push({
      id,
      seq,
      oldId,
      newId,
      category: draft.topic,
      confidence,
      reason,
      provider,
      model,
      promptVersion,
    });
    return id;
  }
}

const findings = ({ verdict, confidence, reason, model }: Decision) => ({ verdict, confidence, reason, model });
const made = ({ provider, promptVersion }: Decision) => ({ provider, promptVersion });
