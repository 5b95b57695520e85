import type { Memory, Prisma, SupersessionProposal } from '../generated/prisma/client.js';
import type { Db, Tx } from './client.js';
import type { Scope } from './listing.js';
import { ofTenant, type Reach } from './reach.js';

export type { SupersessionProposal } from '../generated/prisma/client.js';

/** A proposal with both memories, where no projection asked for something else. */
export type ProposalRow = SupersessionProposal & { old: Memory; new: Memory };

export interface NewProposal {
  id: string;
  seq: bigint;
  oldId: string;
  newId: string;
  category: string;
  confidence: number;
  reason: string;
  provider: string;
  model: string;
  promptVersion: string;
}

/** Stores what awaits a review. The caller holds the account's lock, and has appended the PROPOSED events. */
export async function insertProposals(
  tx: Tx,
  { accountId, tenantId, at }: Scope & { at: Date },
  proposals: readonly NewProposal[],
): Promise<void> {
  if (proposals.length === 0) return;
  await tx.supersessionProposal.createMany({
    data: proposals.map((proposal) => ({ ...proposal, accountId, tenantId, createdAt: at })),
  });
}

export type ProposalState = 'OPEN' | 'APPROVED' | 'REJECTED' | 'OUTDATED';

/** Whether a proposal can still be decided is not stored: it follows from its memories. */
const still = { old: { knownTo: null }, new: { retractedAt: null } };
const IN_STATE: Readonly<Record<ProposalState, Prisma.SupersessionProposalWhereInput>> = {
  OPEN: { decision: null, ...still },
  OUTDATED: { decision: null, NOT: still },
  APPROVED: { decision: 'APPROVED' },
  REJECTED: { decision: 'REJECTED' },
};

const WITH_MEMORIES = { include: { old: true, new: true } };

/** Proposals of a tenant, newest first. */
export const readProposals = (
  db: Db,
  { accountId, tenantId }: Scope,
  { states, before, limit }: { states: readonly ProposalState[]; before: bigint | undefined; limit: number },
  projection: object = WITH_MEMORIES,
): Promise<ProposalRow[]> =>
  db.supersessionProposal.findMany({
    ...projection,
    where: {
      accountId,
      tenantId,
      ...(before !== undefined && { seq: { lt: before } }),
      OR: states.map((state) => IN_STATE[state]),
    },
    orderBy: [{ seq: 'desc' }],
    take: limit,
  }) as Promise<ProposalRow[]>;

export const readProposal = (
  db: Db | Tx,
  reach: Reach,
  id: string,
  projection: object = WITH_MEMORIES,
): Promise<ProposalRow | null> =>
  db.supersessionProposal.findUnique({
    ...projection,
    where: { accountId_id: { accountId: reach.accountId, id }, ...ofTenant(reach) },
  }) as Promise<ProposalRow | null>;

/** The proposal whose PROPOSED event has this sequence number. */
export const readProposalAt = (db: Db, accountId: string, seq: bigint): Promise<ProposalRow | null> =>
  db.supersessionProposal.findFirst({ ...WITH_MEMORIES, where: { accountId, seq } });

export interface Review {
  decision: 'APPROVED' | 'REJECTED';
  reviewedAt: Date;
  reviewedById: string;
  reviewReason: string | undefined;
}

/** Records what was decided. The caller holds the account's lock. */
export async function recordReview(tx: Tx, accountId: string, id: string, review: Review): Promise<void> {
  const { reviewReason = null, ...rest } = review;
  await tx.supersessionProposal.update({
    where: { accountId_id: { accountId, id } },
    data: { ...rest, reviewReason },
  });
}

export interface CategoryTally {
  category: string;
  /** Closed without a person, and of these undone later. */
  applied: number;
  reverted: number;
  open: number;
  approved: number;
  rejected: number;
}

/** Topics are free text: their number is the caller's to choose. */
const MAX_CATEGORIES = 1_000;

/** How the classifier fared by category, the busiest first, from what people reviewed and what they undid. */
export async function tallyByCategory(db: Db, { accountId, tenantId }: Scope): Promise<CategoryTally[]> {
  return db.$queryRaw`
    WITH applied AS (
      SELECT coalesce(e.topic, '') AS category, count(*)::int AS applied, count(*) FILTER (WHERE EXISTS (
        SELECT 1 FROM memory_events r WHERE r.account_id = e.account_id AND r.before_id = e.before_id AND r.kind = 'REVERTED'
          AND r.seq > e.seq))::int AS reverted
      FROM memory_events e
      WHERE e.account_id = ${accountId}::uuid AND e.tenant_id = ${tenantId} AND e.kind = 'SUPERSEDED'
        AND e.verdict = 'supersedes' AND NOT coalesce(e.details, '{}') ? 'proposalId'
      GROUP BY 1
    ), reviewed AS (
      SELECT category, count(*) FILTER (WHERE decision IS NULL)::int AS open,
        count(*) FILTER (WHERE decision = 'APPROVED')::int AS approved,
        count(*) FILTER (WHERE decision = 'REJECTED')::int AS rejected
      FROM supersession_proposals WHERE account_id = ${accountId}::uuid AND tenant_id = ${tenantId}
      GROUP BY 1
    )
    SELECT category, coalesce(applied, 0) AS applied, coalesce(reverted, 0) AS reverted, coalesce(open, 0) AS open,
      coalesce(approved, 0) AS approved, coalesce(rejected, 0) AS rejected
    FROM applied FULL JOIN reviewed USING (category)
    ORDER BY coalesce(applied, 0) + coalesce(open, 0) + coalesce(approved, 0) + coalesce(rejected, 0) DESC, category
    LIMIT ${MAX_CATEGORIES}`;
}
