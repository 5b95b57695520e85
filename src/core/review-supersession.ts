import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Tx } from '../store/client.js';
import { withLedger, type Ledger } from '../store/ledger.js';
import { readProposal, recordReview, type ProposalRow, type Review } from '../store/proposals.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { getMemory, type MemoryRow } from './get-memory.js';
import { instant, optional, parseInput, text, uuid } from './parse-input.js';
import { closeMemory } from './supersede-memory.js';

export const reviewInput = z.object({ proposalId: uuid, reason: optional(text(1_000)) });
export const approveInput = reviewInput.extend({ validTo: optional(instant) });

export type ReviewSupersessionInput = z.input<typeof approveInput>;
type Checked = z.output<typeof approveInput>;

export interface ApproveSupersessionResult {
  /** The superseded memory as it is now. */
  memory: MemoryRow;
  proposalId: string;
  cursor: bigint;
}

export interface RejectSupersessionResult {
  proposalId: string;
  cursor: bigint;
}

/**
 * Carries out a proposed supersession: the old memory ends where the new one begins (or at `validTo`), and both become
 * one timeline. @throws AppError INVALID_INPUT, NOT_FOUND; CONFLICT when it is decided already or the old one is closed
 */
export async function approveSupersession(
  deps: Deps,
  caller: Caller,
  input: Unchecked<ReviewSupersessionInput>,
  query?: Projection,
): Promise<ApproveSupersessionResult> {
  authorize(caller, 'review');
  const checked = parseInput(approveInput, input);
  const { result: oldId, cursor } = await withLedger(deps.db, caller, deps.now, async (tx, ledger) => {
    const proposal = await decide(tx, ledger, caller, checked, 'APPROVED');
    assertOpen(proposal);
    const { id: proposalId, oldId: memoryId, newId: supersededBy, confidence, reason, model } = proposal;
    // True until the new one was: never before the old one began, whatever was learned of it meanwhile.
    const began = Math.max(proposal.old.validFrom.getTime(), proposal.new.validFrom.getTime());
    const validTo = checked.validTo ?? new Date(began);
    const cause = { verdict: 'supersedes', confidence, reason, model, details: { proposalId } };
    await closeMemory(tx, ledger, caller, { memoryId, supersededBy, validTo }, cause);
    return memoryId;
  });
  const memory = await getMemory(deps, caller, { id: oldId }, query);
  return { memory, proposalId: checked.proposalId, cursor };
}

/**
 * Refuses a proposed supersession: both memories stay as they are. @throws AppError INVALID_INPUT, NOT_FOUND; CONFLICT
 * when it is decided already
 */
export async function rejectSupersession(
  deps: Deps,
  caller: Caller,
  input: Unchecked<Omit<ReviewSupersessionInput, 'validTo'>>,
): Promise<RejectSupersessionResult> {
  authorize(caller, 'review');
  const checked = parseInput(reviewInput, input);
  const { cursor } = await withLedger(deps.db, caller, deps.now, (tx, ledger) =>
    decide(tx, ledger, caller, checked, 'REJECTED'),
  );
  return { proposalId: checked.proposalId, cursor };
}

const FIELD = { field: 'proposalId' };

function assertOpen({ old, new: fresh }: ProposalRow): void {
  if (old.knownTo) throw new AppError('CONFLICT', 'proposalId: its old memory is closed already', FIELD);
  if (fresh.retractedAt) throw new AppError('CONFLICT', 'proposalId: its new memory was retracted', FIELD);
}

async function decide(
  tx: Tx,
  ledger: Ledger,
  caller: Caller,
  { proposalId, reason }: Pick<Checked, 'proposalId' | 'reason'>,
  decision: Review['decision'],
): Promise<ProposalRow> {
  const { accountId, apiKeyId } = caller;
  const proposal = await readProposal(tx, caller, proposalId);
  if (!proposal) throw new AppError('NOT_FOUND', 'There is no such proposal.', FIELD);
  if (proposal.decision !== null) {
    throw new AppError('CONFLICT', `proposalId: is ${proposal.decision.toLowerCase()} already`, FIELD);
  }
  const { tenantId, category: topic, oldId: beforeId, newId: memoryId } = proposal;
  await recordReview(tx, accountId, proposalId, {
    decision,
    reviewedAt: ledger.at,
    reviewedById: apiKeyId,
    reviewReason: reason,
  });
  ledger.append({
    kind: 'REVIEWED',
    tenantId,
    topic,
    source: proposal.new.source,
    memoryId,
    beforeId,
    reason,
    details: { proposalId, decision },
  });
  return proposal;
}
