import { queryFromInfo } from '@pothos/plugin-prisma';
import { listProposals, type ProposalState as StateName } from '../../core/list-proposals.js';
import { proposalState } from '../../core/rules/proposal-state.js';
import type { FeedItem } from '../../core/follow-events.js';
import { followProposals, getProposalAt } from '../../core/follow-proposals.js';
import { builder } from '../builder.js';
import { stoppable } from '../stoppable.js';
import { FeedOpened } from './event-feed.js';
import { newestFirstArgs, toProposalConnection } from '../seq-connection.js';

const ProposalState = builder.enumType('ProposalState', {
  description: 'Where a proposal stands.',
  values: {
    OPEN: { description: 'It awaits a review.' },
    APPROVED: { description: 'It was carried out.' },
    REJECTED: { description: 'Both memories stand.' },
    OUTDATED: { description: 'Nobody decided, and there is nothing left to decide: one of its memories was closed.' },
  },
});

export const SupersessionProposal = builder.prismaObject('SupersessionProposal', {
  description: 'A supersession that the classifier was not sure enough of. Nothing changes until somebody approves it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'UUID.' }),
    cursor: t.expose('seq', { type: 'Cursor', description: 'Position of its PROPOSED event.' }),
    state: t.field({
      type: ProposalState,
      description: 'Where it stands.',
      select: { decision: true, old: { select: { knownTo: true } }, new: { select: { retractedAt: true } } },
      resolve: (proposal): StateName => proposalState(proposal),
    }),
    old: t.relation('old', { description: 'The memory that would end.' }),
    new: t.relation('new', { description: 'The memory that would replace it.' }),
    category: t.exposeString('category', { description: 'Topic of the fact that was written.' }),
    confidence: t.exposeFloat('confidence', { description: 'How sure the classifier was, 0 to 1.' }),
    reason: t.exposeString('reason', { description: 'Why, in a sentence.' }),
    provider: t.exposeString('provider', { description: 'Such as anthropic, or offline for the rules.' }),
    model: t.exposeString('model', { description: 'Which model decided.' }),
    promptVersion: t.exposeString('promptVersion', { description: 'Version of the prompt or of the rules.' }),
    at: t.expose('createdAt', { type: 'DateTime', description: 'When it was proposed.' }),
    reviewedAt: t.expose('reviewedAt', { type: 'DateTime', nullable: true, description: 'When it was decided.' }),
    reviewedBy: t.string({
      nullable: true,
      description: 'Name of the API key that decided.',
      select: { reviewedBy: { select: { name: true } } },
      resolve: ({ reviewedBy }) => reviewedBy?.name ?? null,
    }),
    reviewReason: t.exposeString('reviewReason', { nullable: true, description: 'What was said of the decision.' }),
  }),
});

const ProposalEdge = builder.edgeObject({
  type: SupersessionProposal,
  name: 'SupersessionProposalEdge',
  description: 'One proposal in a page.',
});

const ProposalConnection = builder.connectionObject(
  { type: SupersessionProposal, name: 'SupersessionProposalConnection', description: 'Proposals, newest first.' },
  ProposalEdge,
);

builder.queryFields((t) => ({
  supersessionProposals: t.field({
    type: ProposalConnection,
    description: 'The review inbox of a tenant, newest first. Errors: INVALID_INPUT.',
    args: {
      tenantId: t.arg.string({ description: 'The tenant; left out: the default one.' }),
      states: t.arg({ type: [ProposalState], description: 'Any of these; left out: OPEN.' }),
      first: t.arg.int({ description: 'How many, 1 to 100 (default 50).' }),
      after: t.arg.string({ description: 'endCursor of the page before.' }),
      atLeast: t.arg({ type: 'Cursor', description: 'Wait until this write is visible.' }),
    },
    resolve: async (_root, { first, after, ...args }, ctx, info) =>
      toProposalConnection(
        after,
        await listProposals(
          ctx.deps,
          ctx.caller,
          { ...args, ...newestFirstArgs({ first, after }) },
          queryFromInfo({ context: ctx, info, typeName: 'SupersessionProposal', path: ['edges', 'node'] }),
        ),
      ),
  }),
}));

const ProposalFeedItem = builder.unionType('ProposalFeedItem', {
  description: 'FeedOpened once, then each supersession that is proposed.',
  types: [FeedOpened, SupersessionProposal],
  resolveType: (message) => ('decision' in message ? 'SupersessionProposal' : 'FeedOpened'),
});

builder.subscriptionFields((t) => ({
  supersessionProposed: t.field({
    type: ProposalFeedItem,
    description:
      'The review inbox, live: every supersession that is proposed, in order, once. One whose memories were deleted since is only a cursor. Errors: INVALID_INPUT, CURSOR_EXPIRED, RATE_LIMITED.',
    args: {
      after: t.arg({ type: 'Cursor', description: 'Begin after this cursor; left out: from now on.' }),
      tenantId: t.arg.string({ description: 'The tenant; left out: every tenant; "": the default one.' }),
    },
    subscribe: (_root, args, { deps, caller }) => stoppable((signal) => followProposals(deps, caller, args, signal)),
    resolve: async (item: FeedItem, _args, { deps }) =>
      item.kind === 'OPENED'
        ? { cursor: item.cursor }
        : ((await getProposalAt(deps, item.event)) ?? { cursor: item.event.seq }),
  }),
}));
