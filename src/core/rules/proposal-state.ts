import type { ProposalState } from '../../store/proposals.js';

interface Decidable {
  decision: string | null;
  old: { knownTo: Date | null };
  new: { retractedAt: Date | null };
}

/** Where a proposal stands: decided, still to decide, or overtaken by what became of its memories. */
export function proposalState({ decision, old, new: fresh }: Decidable): ProposalState {
  if (decision !== null) return decision === 'APPROVED' ? 'APPROVED' : 'REJECTED';
  return old.knownTo === null && fresh.retractedAt === null ? 'OPEN' : 'OUTDATED';
}
