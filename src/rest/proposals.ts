import { listProposals } from '../core/list-proposals.js';
import { approveSupersession, rejectSupersession } from '../core/review-supersession.js';
import { toNumber, type RestCall, type Route } from './call.js';
import type { Shape } from './replies/shape.js';
import type * as replies from './replies/writes.js';
import { toProposal } from './wire-writes.js';
import { fromWire } from './wire.js';

/** The review inbox: supersessions that the classifier was not sure enough of. */
export const PROPOSAL_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/agent/proposals', run: getProposals },
  { method: 'POST', path: '/agent/proposals/{proposal_id}/approve', run: approve, isBodyOptional: true },
  { method: 'POST', path: '/agent/proposals/{proposal_id}/reject', run: reject, isBodyOptional: true },
];

async function getProposals({ deps, caller, query }: RestCall): Promise<Shape<typeof replies.proposalList>> {
  const states = query.getAll('state').map((state) => state.toUpperCase());
  const { proposals, hasMore } = await listProposals(deps, caller, {
    tenantId: query.get('tenant_id'),
    states: states.length > 0 ? states : undefined,
    limit: toNumber(query.get('limit')),
    before: query.get('before'),
    atLeast: query.get('at_least'),
  });
  return {
    company_id: caller.accountId,
    tenant_id: query.get('tenant_id'),
    count: proposals.length,
    has_more: hasMore,
    proposals: proposals.map(toProposal),
  };
}

async function approve({ deps, caller, path, body }: RestCall): Promise<Shape<typeof replies.approved>> {
  const input = { ...fromWire(body), proposalId: path['proposal_id'] };
  const { proposalId, memory, cursor } = await approveSupersession(deps, caller, input);
  return {
    status: 'approved',
    proposal_id: proposalId,
    memory_id: memory.id,
    superseded_by: memory.supersededById,
    cursor: cursor.toString(),
  };
}

async function reject({ deps, caller, path, body }: RestCall): Promise<Shape<typeof replies.rejected>> {
  const { proposalId, cursor } = await rejectSupersession(deps, caller, {
    ...fromWire(body),
    proposalId: path['proposal_id'],
  });
  return { status: 'rejected', proposal_id: proposalId, cursor: cursor.toString() };
}
