import { randomUUID } from 'node:crypto';
import type { Verb } from './verbs.js';
import { isRefused, named, oneOf } from './verb-parts.js';

/** What shows memories, and what counts them. */
export const READS = {
  list: async (member, by, tenant) => {
    const { body } = await by.rest(
      'GET',
      `/agent/memories?${named(member, by, tenant)}&include_superseded=true&limit=100`,
      { tenant },
    );
    const ids = body.memories?.map(({ id }) => id) ?? [];
    by.same(`the list of tenant ${tenant}`, ids.sort(), member.held(tenant).sort());
  },
  page: async (member, by, tenant) => {
    const { body } = await by.graphql(
      `query ($tenantId: String, $text: String) {
        all: memories(first: 100, state: ANY, filter: { tenantId: $tenantId }) { edges { node { id text timeline { entries { id text } } } } }
        some: memories(first: 20, filter: { tenantId: $tenantId, text: $text }) { edges { node { id text  } } }
      }`,
      { tenantId: `T${tenant}`, text: member.word() },
      { tenant },
    );
    const ids = body.data?.all?.edges.map(({ node }) => node.id) ?? [];
    by.same(`the page of tenant ${tenant}`, ids.sort(), member.held(tenant).sort());
  },
  query: async (member, by, tenant) => {
    const question = `What is the ${member.word()} of ${member.anyMark()}?`;
    await by.rest('POST', '/agent/query', { tenant, echoes: question, body: { question, tenant_id: `T${tenant}` } });
  },
  search: async (member, by, tenant) => {
    const query = `${member.word()} ${member.anyMark()}`;
    const document = `query ($query: String!, $tenantId: String) {
      search(query: $query, first: 20, filter: { tenantId: $tenantId }) { edges { node { memory { id text } } } } }`;
    await by.graphql(document, { query, tenantId: `T${tenant}` }, { tenant, echoes: query });
  },
  byId: (member, by, tenant) => oneOf(member, by, tenant, ''),
  timeline: (member, by, tenant) => oneOf(member, by, tenant, '/timeline'),
  audit: (member, by, tenant) => oneOf(member, by, tenant, '/audit'),
  // Own and others' in one request: they are looked up together.
  several: async (member, by, tenant) => {
    const [mine, { id: theirs }] = [member.own(tenant), member.foreign(by)];
    const document = `query ($mine: ID!, $theirs: ID!) { a: memory(id: $mine) { id text } b: memory(id: $theirs) { id text } }`;
    const { body, code } = await by.graphql(document, { mine, theirs }, { tenant, echoes: theirs });
    const seen = [body.data?.a?.id, body.data?.b ?? null, isRefused(code)];
    by.same('own beside others', seen, [mine, null, true]);
  },
  changes: async (member, by, tenant) => {
    const since = new Date(Date.now() - (member.random.isIn(0.1) ? 3_600_000 : 2_000)).toISOString();
    const path = `/agent/changes?${named(member, by, tenant)}&from=${since}&to=2100-01-01T00:00:00Z`;
    await by.rest('GET', path, { tenant });
  },
  proposals: async (member, by, tenant) => {
    const document = `query ($tenantId: String) { supersessionProposals(first: 50, tenantId: $tenantId) { edges { node { id old { id text } new { id text } } } } }`;
    const { body } = await by.graphql(document, { tenantId: `T${tenant}` }, { tenant });
    const { owners, proposals } = member.world;
    for (const { node } of body.data?.supersessionProposals?.edges ?? []) {
      if (owners.has(node.id)) continue;
      owners.set(node.id, { account: member.account, tenant });
      proposals[member.account]?.push(node.id);
    }
    const others = proposals.flatMap((ids, account) => (account === member.account ? [] : ids.slice(-1)));
    const id = member.random.oneOf(others) ?? randomUUID();
    for (const decision of ['approve', 'reject']) {
      const decided = await by.rest('POST', `/agent/proposals/${id}/${decision}`, { echoes: id });
      by.same('deciding what is others', decided.status, 404);
    }
  },
  status: async (member, by) => {
    const document = `{ planStatus { writesUsed } embeddingStatus { total } webhooks { id } settings { freshnessHalfLifeDays } }`;
    const { body } = await by.graphql(document, {});
    const tenants = by.bound === undefined ? [...Array(member.world.tenants).keys()] : [by.bound];
    const total = tenants.reduce((sum, tenant) => sum + member.held(tenant).length, 0);
    const seen = [body.data?.embeddingStatus?.total, body.data?.planStatus?.writesUsed];
    by.same('counts', seen, [total, member.written]);
  },
  keys: async (member, by) => {
    const document =
      '{ viewer { accountName apiKey { id name } } apiKeys(first: 50) { edges { node { id name tenantId } } } }';
    const { body } = await by.graphql(document, {});
    const ids = body.data?.apiKeys?.edges.map(({ node }) => node.id) ?? [];
    const wanted =
      by.bound === undefined ? [member.keyIds.whole, ...member.keyIds.bound] : [member.keyIds.bound[by.bound]];
    by.same('its keys', ids.sort(), wanted.sort());
  },
} satisfies Record<string, Verb>;
