import type { AddMemoriesResult } from '../core/add-memories.js';
import type { ProposalRow, ProposalState } from '../core/list-proposals.js';
import type { RecordedDraft } from '../core/record-drafts.js';
import { proposalState } from '../core/rules/proposal-state.js';
import type { Shape } from './replies/shape.js';
import type { autoSupersede, extracted, proposal as proposalReply, saved } from './replies/writes.js';
import { timestamp, timestampOrNull, toModelCall } from './wire.js';

const OLD_VERDICTS = { supersedes: 'contradicts', refines: 'supplements', independent: 'new_fact' } as const;

/** What auto-supersession did for one memory; both generations of its keys. */
function toAutoSupersede({
  hasRun,
  skippedReason,
  candidatesExamined,
  decisions,
  memoryId,
}: RecordedDraft): Shape<typeof autoSupersede> {
  const applied = decisions.find(({ isApplied }) => isApplied);
  const proposals = decisions
    .filter(({ proposalId }) => proposalId !== null)
    .map(({ proposalId, rivalId, confidence, reason }) => ({
      proposal_id: memoryId === null ? null : proposalId, // in a dry run there is none to review
      old_memory_id: rivalId,
      confidence,
      reason,
    }));
  return {
    ran: hasRun,
    skipped_reason: skippedReason,
    candidates_examined: candidatesExamined,
    supersession: applied
      ? {
          superseded_id: applied.rivalId,
          old_memory_id: applied.rivalId,
          verdict: applied.verdict,
          classifier: OLD_VERDICTS[applied.verdict],
          confidence: applied.confidence,
          reason: applied.reason,
          reasoning: applied.reason,
          model: applied.model,
        }
      : null,
    ...(proposals.length > 0 && { proposals }),
  };
}

/** Reply to a write: of one memory in content mode, of all extracted facts in messages mode. */
export function toAdded(
  result: AddMemoriesResult,
  companyId: string,
  messagesStatus: 'saved' | 'extracted',
): Shape<typeof saved> | Shape<typeof extracted> {
  const { drafts, tenantId, extraction, usage, isDryRun } = result;
  const base = {
    company_id: companyId,
    tenant_id: tenantId,
    cursor: result.cursor.toString(),
    ...(usage.inputTokens > 0 && {
      usage: { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens },
    }),
    ...(isDryRun && { dry_run: true as const }),
  };
  const [first] = drafts;
  if (result.mode === 'content' && first) {
    return {
      status: isDryRun ? 'dry_run' : 'saved',
      memory_id: first.memoryId,
      ...base,
      auto_supersede: toAutoSupersede(first),
    };
  }
  const stored = drafts.filter(({ isDuplicate }) => !isDuplicate);
  return {
    status: isDryRun ? 'dry_run' : messagesStatus,
    ...base,
    extracted: drafts.map(({ draft }) => draft.text),
    extracted_count: drafts.length,
    saved_count: isDryRun ? 0 : stored.length,
    memory_ids: stored.flatMap(({ memoryId }) => memoryId ?? []),
    extraction: extraction && toModelCall(extraction),
    facts: drafts.map(toFact),
    auto_supersede: stored.map((draft) => ({ memory_id: draft.memoryId, ...toAutoSupersede(draft) })),
  };
}

/** One extracted fact with its evidence. */
const toFact = ({ draft, memoryId, isDuplicate }: RecordedDraft) => ({
  decision: draft.text,
  topic: draft.topic,
  importance_score: draft.importance,
  valid_from: draft.validFrom ? timestamp(draft.validFrom) : null,
  message_index: draft.messageIndex ?? null,
  span: draft.span ?? null,
  memory_id: memoryId,
  duplicate: isDuplicate,
});

/** A supersession that awaits a person, or was decided by one. */
export const toProposal = (proposal: ProposalRow): Shape<typeof proposalReply> => ({
  proposal_id: proposal.id,
  state: proposalState(proposal).toLowerCase() as Lowercase<ProposalState>,
  old: { memory_id: proposal.oldId, decision: proposal.old.text, valid_from: timestamp(proposal.old.validFrom) },
  new: { memory_id: proposal.newId, decision: proposal.new.text, valid_from: timestamp(proposal.new.validFrom) },
  tenant_id: proposal.tenantId || null,
  category: proposal.category,
  verdict: 'supersedes',
  confidence: proposal.confidence,
  reason: proposal.reason,
  provider: proposal.provider,
  model: proposal.model,
  prompt_version: proposal.promptVersion,
  created_at: timestamp(proposal.createdAt),
  reviewed_at: timestampOrNull(proposal.reviewedAt),
  review_reason: proposal.reviewReason,
  cursor: proposal.seq.toString(),
});
