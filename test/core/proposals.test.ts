import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireAudit, WireList, WireSaved } from '../support/wire.js';

const INBOX = `query ($tenantId: String, $states: [ProposalState!], $first: Int, $after: String) {
  supersessionProposals(tenantId: $tenantId, states: $states, first: $first, after: $after) {
    edges { node {
      id state confidence reason model provider promptVersion category reviewedBy reviewReason
      old { id text state validTo } new { id text state timeline { chainLength } }
    } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const APPROVE = `mutation ($input: ApproveSupersessionInput!) {
  approveSupersession(input: $input) { proposalId cursor memory { id state validTo supersededBy { id } timeline { chainLength } } }
}`;
const REJECT = `mutation ($input: RejectSupersessionInput!) { rejectSupersession(input: $input) { proposalId cursor } }`;
const PRECISION = `query { supersessionPrecision { category applied reverted open approved rejected reviewPrecision appliedPrecision } }`;

interface Shown {
  id: string;
  text: string;
  state: string;
  validTo: string | null;
  timeline: { chainLength: number };
}
interface Proposal {
  id: string;
  state: string;
  confidence: number;
  reason: string;
  model: string;
  provider: string;
  promptVersion: string;
  category: string;
  reviewedBy: string | null;
  reviewReason: string | null;
  old: Shown;
  new: Shown;
}
interface Inbox {
  supersessionProposals: {
    edges: { node: Proposal }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

/** A key that is never sure enough: every supersession is left to a person. */
beforeEach(async () => {
  client = await app.newClient({ autoSupersede: true });
  await client.rest('PATCH', '/agent/settings', { min_confidence: 1 });
});

const inboxOf = async (who: Client, variables: object = {}): Promise<Proposal[]> => {
  const { data, errors } = await who.graphql<Inbox>(INBOX, variables);
  expect(errors).toBeUndefined();
  return data.supersessionProposals.edges.map(({ node }) => node);
};

/** Two facts of which the second replaces the first, and the proposal that says so. */
async function propose(topic = 'Home', name = 'Alice', who = client): Promise<Proposal> {
  await who.rest('POST', '/agent/memories', { content: `${name} lives in Berlin`, topic });
  const { body } = await who.rest<WireSaved>('POST', '/agent/memories', {
    content: `${name} moved to Munich and no longer lives in Berlin`,
    topic,
  });
  expect(body.auto_supersede.supersession).toBeNull();
  expect(body.auto_supersede.proposals).toHaveLength(1);
  const [proposal] = await inboxOf(who);
  expect(proposal?.id).toBe(body.auto_supersede.proposals?.[0]?.proposal_id);
  return proposal as Proposal;
}

describe('a supersession below the floor', () => {
  it('changes nothing, and awaits a review with all that was found', async () => {
    const proposal = await propose();
    expect(proposal).toMatchObject({
      state: 'OPEN',
      category: 'Home',
      provider: 'offline',
      reviewedBy: null,
      old: { text: 'Alice lives in Berlin', state: 'CURRENT', validTo: null },
      new: { state: 'CURRENT', timeline: { chainLength: 1 } },
    });
    expect(proposal.confidence).toBeLessThan(1);
    expect(proposal.reason).not.toBe('');
    expect(proposal.model).not.toBe('');
    expect(proposal.promptVersion).not.toBe('');
  });

  it('stands in the audit trail of both memories, with verdict, confidence, reason, model and prompt version', async () => {
    const proposal = await propose();
    const { body } = await client.rest<WireAudit>('GET', `/memories/${proposal.new.id}/audit`);
    const event = body.history.find((one) => one.event === 'memory.proposed');
    expect(event?.details).toMatchObject({
      verdict: 'supersedes',
      confidence: proposal.confidence,
      reason: proposal.reason,
      model: proposal.model,
      prompt_version: proposal.promptVersion,
      proposal_id: proposal.id,
    });
    const old = await client.rest<WireAudit>('GET', `/memories/${proposal.old.id}/audit`);
    const events = old.body.history.map((one) => one.event);
    expect(events).toContain('memory.proposed');
    expect(events).toContain('memory.classified');
    const classified = old.body.history.find((one) => one.event === 'memory.classified');
    expect(classified?.details).toMatchObject({ applied: false, new_memory_id: proposal.new.id });
  });

  it('is no proposal for what is sure enough', async () => {
    await client.rest('PATCH', '/agent/settings', { min_confidence: 0.85 });
    await client.rest('POST', '/agent/memories', { content: 'Bob lives in Berlin' });
    const { body } = await client.rest<WireSaved>('POST', '/agent/memories', {
      content: 'Bob moved to Munich and no longer lives in Berlin',
    });
    expect(body.auto_supersede.supersession).toMatchObject({ verdict: 'supersedes' });
    expect(await inboxOf(client)).toEqual([]);
  });

  it('is none for an excluded category: no model was asked', async () => {
    await client.rest('PATCH', '/agent/settings', { excluded_categories: ['home'] });
    await client.rest('POST', '/agent/memories', { content: 'Alice lives in Berlin', topic: 'Home' });
    const { body } = await client.rest<WireSaved>('POST', '/agent/memories', {
      content: 'Alice moved to Munich and no longer lives in Berlin',
      topic: 'Home',
    });
    expect(body.auto_supersede).toMatchObject({ ran: false, candidates_examined: 0, supersession: null });
    expect(await inboxOf(client)).toEqual([]);
  });

  it('names the fact that is true from earlier as the old one, whichever came first', async () => {
    await client.rest('POST', '/agent/memories', {
      content: 'Alice moved to Munich and no longer lives in Berlin',
      recorded_at: '2025-05-01T00:00:00Z',
    });
    await client.rest('POST', '/agent/memories', {
      content: 'Alice lives in Berlin',
      recorded_at: '2024-01-01T00:00:00Z',
    });
    const [proposal] = await inboxOf(client);
    expect(proposal).toMatchObject({ old: { text: 'Alice lives in Berlin' } });
    const { data } = await client.graphql(APPROVE, { input: { proposalId: proposal?.id } });
    expect(data).toMatchObject({ approveSupersession: { memory: { validTo: '2025-05-01T00:00:00.000Z' } } });
  });
});

describe('approveSupersession', () => {
  it('closes the old memory where the new one begins, and makes one timeline of both', async () => {
    const proposal = await propose();
    const { data, errors } = await client.graphql<{ approveSupersession: { memory: Shown; cursor: string } }>(APPROVE, {
      input: { proposalId: proposal.id, reason: 'she told us' },
    });
    expect(errors).toBeUndefined();
    expect(data.approveSupersession).toMatchObject({
      proposalId: proposal.id,
      memory: { state: 'SUPERSEDED', supersededBy: { id: proposal.new.id }, timeline: { chainLength: 2 } },
    });
    expect(await inboxOf(client)).toEqual([]);
    const [reviewed] = await inboxOf(client, { states: ['APPROVED'] });
    expect(reviewed).toMatchObject({ state: 'APPROVED', reviewedBy: 'test', reviewReason: 'she told us' });
    const { body } = await client.rest<WireList>('GET', '/agent/memories');
    expect(body.memories.map(({ id }) => id)).toEqual([proposal.new.id]);
  });

  it('tells the feed what was superseded, with what the classifier had said', async () => {
    const proposal = await propose();
    await client.graphql(APPROVE, { input: { proposalId: proposal.id } });
    const { body } = await client.rest<WireAudit>('GET', `/memories/${proposal.old.id}/audit`);
    const event = body.history.find((one) => one.event === 'memory.superseded');
    expect(event?.details).toMatchObject({
      verdict: 'supersedes',
      confidence: proposal.confidence,
      proposal_id: proposal.id,
      superseded_by: proposal.new.id,
    });
  });

  it.each([
    ['twice', APPROVE, APPROVE],
    ['after a rejection', REJECT, APPROVE],
    ['and a rejection after it', APPROVE, REJECT],
  ])('is refused %s', async (_name, first, second) => {
    const { id: proposalId } = await propose();
    expect((await client.graphql(first, { input: { proposalId } })).errors).toBeUndefined();
    const { errors } = await client.graphql(second, { input: { proposalId } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'proposalId' });
  });

  it('is refused when the old memory was closed meanwhile: the proposal is outdated, and can still be rejected', async () => {
    const proposal = await propose();
    await client.rest('POST', `/memories/${proposal.old.id}/supersede`, { valid_to: new Date().toISOString() });
    expect(await inboxOf(client)).toEqual([]);
    expect(await inboxOf(client, { states: ['OUTDATED'] })).toHaveLength(1);
    const { errors } = await client.graphql(APPROVE, { input: { proposalId: proposal.id } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'proposalId' });
    expect(await inboxOf(client, { states: ['APPROVED'] })).toEqual([]);
    expect((await client.graphql(REJECT, { input: { proposalId: proposal.id } })).errors).toBeUndefined();
  });

  it('lets one of many reviewers at once decide', async () => {
    const { id: proposalId } = await propose();
    const replies = await Promise.all(
      [APPROVE, REJECT, APPROVE, REJECT].map((document) => client.graphql(document, { input: { proposalId } })),
    );
    expect(replies.filter(({ errors }) => errors === undefined)).toHaveLength(1);
  });

  it.each([
    ['an unknown proposal', () => randomUUID(), 'NOT_FOUND'],
    ['no UUID', () => 'nonsense', 'INVALID_INPUT'],
  ])('is refused for %s', async (_name, idOf, code) => {
    for (const document of [APPROVE, REJECT]) {
      const { errors } = await client.graphql(document, { input: { proposalId: idOf() } });
      expect(errors?.[0]?.extensions).toMatchObject({ code, field: 'proposalId' });
    }
  });

  it("neither shows nor decides another account's or tenant's proposals", async () => {
    const { id: proposalId } = await propose();
    const stranger = await app.newClient();
    expect(await inboxOf(stranger)).toEqual([]);
    expect(await inboxOf(client, { tenantId: 'other' })).toEqual([]);
    for (const document of [APPROVE, REJECT]) {
      const { errors } = await stranger.graphql(document, { input: { proposalId } });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await inboxOf(client)).toHaveLength(1);
  });

  it('can be undone like any supersession', async () => {
    const proposal = await propose();
    await client.graphql(APPROVE, { input: { proposalId: proposal.id } });
    const { errors } = await client.graphql(
      'mutation ($input: RevertSupersessionInput!) { revertSupersession(input: $input) { memory { text } } }',
      { input: { memoryId: proposal.old.id } },
    );
    expect(errors).toBeUndefined();
  });
});

describe('the inbox', () => {
  it('goes newest first, page by page', async () => {
    for (const name of ['Alice', 'Boris', 'Chen']) await propose('Home', name);
    const { data } = await client.graphql<Inbox>(INBOX, { first: 2 });
    const { edges, pageInfo } = data.supersessionProposals;
    expect(edges.map(({ node }) => node.old.text)).toEqual(['Chen lives in Berlin', 'Boris lives in Berlin']);
    expect(pageInfo.hasNextPage).toBe(true);
    const rest = await inboxOf(client, { first: 2, after: pageInfo.endCursor });
    expect(rest.map(({ old }) => old.text)).toEqual(['Alice lives in Berlin']);
  });

  it('costs the same few SQL statements for one proposal and for many', async () => {
    await propose('Home', 'Alice');
    const one = await app.statementsOf(() => inboxOf(client));
    for (const name of ['Boris', 'Chen', 'Dalia']) await propose('Home', name);
    const four = await app.statementsOf(() => inboxOf(client));
    expect(four.length).toBe(one.length);
    expect(four.length).toBeLessThanOrEqual(10);
  });

  it('is gone with the memories that it is about', async () => {
    const { id } = await propose();
    await client.rest('DELETE', '/agent/memories');
    expect(await inboxOf(client, { states: ['OPEN', 'OUTDATED'] })).toEqual([]);
    const { errors } = await client.graphql(REJECT, { input: { proposalId: id } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('speaks REST too', async () => {
    const { id } = await propose();
    const { body } = await client.rest<object>('GET', '/agent/proposals');
    expect(body).toMatchObject({ count: 1, has_more: false, proposals: [{ proposal_id: id, state: 'open' }] });
    const approved = await client.rest('POST', `/agent/proposals/${id}/approve`, { reason: 'yes' });
    expect(approved).toMatchObject({ status: 200, body: { status: 'approved', proposal_id: id } });
    const again = await client.rest('POST', `/agent/proposals/${id}/reject`);
    expect(again).toMatchObject({ status: 409, body: { code: 'CONFLICT', field: 'proposal_id' } });
    const shown = await client.rest('GET', '/agent/proposals?state=approved&state=rejected');
    expect(shown.body).toMatchObject({ count: 1, proposals: [{ state: 'approved', review_reason: 'yes' }] });
    expect((await client.rest('GET', '/agent/proposals?state=nonsense')).status).toBe(422);
  });
});

describe('supersessionPrecision', () => {
  it('is measured by category from what people reviewed and what they undid', async () => {
    const reviews: [topic: string, name: string, document: string][] = [
      ['Home', 'Alice', APPROVE],
      ['Home', 'Boris', APPROVE],
      ['Home', 'Chen', REJECT],
      ['Travel', 'Dalia', REJECT],
    ];
    for (const [topic, name, document] of reviews) {
      const { id: proposalId } = await propose(topic, name);
      await client.graphql(document, { input: { proposalId } });
    }
    await propose('Home', 'Emeka');
    await client.rest('PATCH', '/agent/settings', { min_confidence: 0.85 });
    for (const name of ['Freya', 'Goran']) {
      await client.rest('POST', '/agent/memories', { content: `${name} lives in Berlin`, topic: 'Home' });
      await client.rest('POST', '/agent/memories', {
        content: `${name} moved to Munich and no longer lives in Berlin`,
        topic: 'Home',
      });
    }
    const { body } = await client.rest<WireList>('GET', '/agent/memories?state=superseded&text=Freya');
    await client.graphql(
      'mutation ($input: RevertSupersessionInput!) { revertSupersession(input: $input) { cursor } }',
      {
        input: { memoryId: body.memories[0]?.id },
      },
    );
    const { data } = await client.graphql<{ supersessionPrecision: object[] }>(PRECISION);
    expect(data.supersessionPrecision).toEqual([
      {
        category: 'Home',
        applied: 2,
        reverted: 1,
        open: 1,
        approved: 2,
        rejected: 1,
        reviewPrecision: expect.closeTo(2 / 3) as number,
        appliedPrecision: 0.5,
      },
      {
        category: 'Travel',
        applied: 0,
        reverted: 0,
        open: 0,
        approved: 0,
        rejected: 1,
        reviewPrecision: 0,
        appliedPrecision: null,
      },
    ]);
  });
});
