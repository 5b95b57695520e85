import { z } from 'zod';
import { readProposals, type ProposalRow, type ProposalState } from '../store/proposals.js';
import { authorize, tenantOf } from './authorize.js';
import { awaitCursor } from './await-cursor.js';
import type { Caller, Deps, Projection, Unchecked } from './deps.js';
import { cursor, optional, parseInput, tenantId } from './parse-input.js';

export type { ProposalRow, ProposalState, SupersessionProposal } from '../store/proposals.js';

export const PROPOSAL_STATES = ['OPEN', 'APPROVED', 'REJECTED', 'OUTDATED'] as const satisfies readonly ProposalState[];

export const listProposalsInput = z.object({
  tenantId,
  states: optional(z.array(z.enum(PROPOSAL_STATES)).min(1)),
  limit: optional(z.number().int().min(1).max(1_000)),
  before: optional(cursor),
  atLeast: optional(cursor),
});

export interface ProposalPage {
  /** Newest first. */
  proposals: readonly ProposalRow[];
  hasMore: boolean;
}

/** Supersessions of a tenant that the classifier was not sure enough of: those still to decide, unless asked otherwise. @throws AppError INVALID_INPUT */
export async function listProposals(
  deps: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof listProposalsInput>>,
  query?: Projection,
): Promise<ProposalPage> {
  authorize(caller, 'review');
  const checked = parseInput(listProposalsInput, input);
  await awaitCursor(deps, caller, checked.atLeast);
  const { tenantId: tenant, states = ['OPEN'], limit = 100, before } = checked;
  const scope = { accountId: caller.accountId, tenantId: tenantOf(caller, tenant) };
  const proposals = await readProposals(deps.db, scope, { states, before, limit: limit + 1 }, query);
  return { proposals: proposals.slice(0, limit), hasMore: proposals.length > limit };
}
