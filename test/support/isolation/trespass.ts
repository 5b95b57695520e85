import type { Member } from './member.js';
import type { Requests } from './requests.js';

type Attempt = [method: string, path: string, body?: object];

/** Every call that names a tenant, as somebody with a bound key would name another. */
const attempts = (tenant: string, member: Member): Attempt[] => {
  const graphql = (query: string): Attempt => ['POST', '/graphql', { query, variables: { t: tenant } }];
  const question = `What is the ${member.word()}?`;
  const content = `The ${member.word()} is blue.`;
  return [
    ['GET', `/agent/memories?tenant_id=${tenant}`],
    ['DELETE', `/agent/memories?tenant_id=${tenant}`],
    ['POST', '/agent/memories', { content, tenant_id: tenant }],
    ['POST', '/agent/query', { question, tenant_id: tenant }],
    ['GET', `/agent/changes?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&tenant_id=${tenant}`],
    ['GET', `/agent/proposals?tenant_id=${tenant}`],
    ['GET', `/agent/events?after=0&tenant_id=${tenant}`],
    ['POST', `/agent/memories/import?tenant_id=${tenant}`],
    graphql('query ($t: String) { memories(filter: { tenantId: $t }) { edges { node { id text } } } }'),
    graphql(
      'query ($t: String) { search(query: "copper", filter: { tenantId: $t }) { edges { node { memory { id text } } } } }',
    ),
    graphql('query ($t: String) { supersessionProposals(tenantId: $t) { edges { node { id } } } }'),
    graphql(
      'query ($t: String) { changes(from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z", filter: { tenantId: $t }) { edges { node { cursor } } } }',
    ),
    graphql('mutation ($t: String) { deleteMemories(input: { tenantId: $t }) { deletedCount } }'),
    graphql('mutation ($t: String) { eraseSubject(input: { tenantId: $t }) { counts { memories } } }'),
    graphql('mutation ($t: String) { addMemories(input: { content: "It is blue.", tenantId: $t }) { cursor } }'),
    graphql('mutation { deleteMemories(input: { allTenants: true }) { deletedCount } }'),
  ];
};

/** A bound key names another tenant, of its account or of nobody: refused alike, and without a word of it. */
export async function trespass(member: Member, by: Requests): Promise<void> {
  const others = [...Array(member.world.tenants).keys()].filter((tenant) => tenant !== by.bound);
  const tenant = `T${member.random.isIn(0.2) ? 77 : (member.random.oneOf(others) ?? 77)}`;
  const [method, path, body] = member.random.oneOf(attempts(tenant, member)) ?? [
    'GET',
    '/agent/memories?tenant_id=T77',
  ];
  const { code } = await by.rest(method, path, { body });
  by.same(`${method} ${path} ${JSON.stringify(body)} of another tenant`, code, 'FORBIDDEN');
}
