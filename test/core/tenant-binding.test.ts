import { getNamedType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { SCOPES } from '../../src/core/rules/scopes.js';
import {
  documentOf,
  firstResult,
  NOBODY,
  placesOf,
  resultsOf,
  type Outcome,
  type Place,
} from '../support/operations.js';
import { callRest, startApp, type TestApp } from '../support/start-app.js';
import type { WireList } from '../support/wire.js';

const OURS = 'acme';
const THEIRS = 'globex';
const SECRET = 'Globex buys Initech in June.';

let app: TestApp;
let accountId: string;
/** May do everything in every tenant; in one; in the default one. */
let owner: string;
let bound: string;
let boundToDefault: string;
/** Ids of what belongs to the other tenant, by what has them. */
const foreign: Record<string, string> = {};
/** A memory of the bound key's own. */
let ownId: string;

const keyOf = async (boundTenant?: string): Promise<string> => {
  const scopes = SCOPES.filter((scope) => scope !== 'admin' || boundTenant === undefined);
  return (await createApiKey(app.deps, { name: boundTenant || 'other', accountId, scopes, boundTenant })).key;
};
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const rest = <Body = any>(
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => callRest<Body>(app, method, path, body, { authorization: `Bearer ${key}`, ...headers });
const graphql = async <Data>(key: string, query: string): Promise<Data> => {
  const { body } = await rest<{ data: Data; errors?: object[] }>(key, 'POST', '/graphql', { query });
  expect(body.errors).toBeUndefined();
  return body.data;
};
const add = async (key: string, content: string, tenantId?: string): Promise<string> =>
  (await rest<{ memory_id: string }>(key, 'POST', '/agent/memories', { content, tenant_id: tenantId })).body.memory_id;
const send = (key: string, rows: object[], name: string, query = '') =>
  app.fetch(
    new Request(`http://palimpsest/agent/memories/import${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': name },
      body: rows.map((row) => JSON.stringify(row)).join('\n'),
    }),
  );
const importOf = async (response: Response): Promise<Record<string, unknown>[]> =>
  (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function propose(tenantId: string, oldId: string, newId: string): Promise<string> {
  const id = `00000000-0000-4000-8000-0000000000${tenantId === THEIRS ? '01' : '02'}`;
  const reason = { reason: 'It may be.', provider: 'offline', model: 'rules', promptVersion: '1' };
  const about = {
    id,
    accountId,
    tenantId,
    oldId,
    newId,
    category: 'General',
    seq: tenantId === THEIRS ? 9001n : 9002n,
  };
  await app.deps.db.supersessionProposal.create({
    data: { ...about, ...reason, confidence: 0.5, createdAt: new Date() },
  });
  return id;
}

beforeAll(async () => {
  app = await startApp();
  accountId = (await createAccount(app.deps, { name: 'tenants' })).id;
  [owner, bound, boundToDefault] = [await keyOf(), await keyOf(OURS), await keyOf('')];
  ownId = await add(bound, 'Acme sells anvils.');
  await add(owner, 'The office is closed.');
  foreign['memory'] = await add(owner, SECRET, THEIRS);
  foreign['proposal'] = await propose(THEIRS, foreign['memory'], await add(owner, 'Globex waits.', THEIRS));
  foreign['import'] = String(
    (await importOf(await send(owner, [{ content: 'Globex.', tenant_id: THEIRS }], 'nightly')))[0]?.['import_id'],
  );
  const webhook = await graphql<{ createWebhook: { webhook: { id: string } } }>(
    owner,
    'mutation { createWebhook(input: { url: "https://example.com/", document: "subscription { memoryEvents { __typename } }" }) { webhook { id } } }',
  );
  foreign['webhook'] = webhook.createWebhook.webhook.id;
  const keys = await graphql<{ viewer: { apiKey: { id: string } } }>(owner, '{ viewer { apiKey { id } } }');
  foreign['apiKey'] = keys.viewer.apiKey.id;
});
afterAll(() => app.close());

describe('every id of another tenant', () => {
  const KINDS: Record<string, string> = {
    id: 'memory',
    memoryId: 'memory',
    supersedes: 'memory',
    supersededBy: 'memory',
    proposalId: 'proposal',
    webhookId: 'webhook',
    apiKeyId: 'apiKey',
  };
  const IDS = placesOf(({ type }) => getNamedType(type).name === 'ID').filter(
    ({ of }) => of.name !== 'Mutation.setPlan',
  );
  const kindOf = ({ of, path }: Place): string =>
    /import/i.test(of.field.name) ? 'import' : (KINDS[path.at(-1) ?? ''] ?? `unknown: ${of.name} ${path.join('.')}`);
  /** What it takes to come as far as the id. */
  const besides = (field: string): Record<string, string> => ({
    ...(field === 'memoryId' && { 'input.validTo': '"2999-01-01T00:00:00Z"' }),
    ...(field === 'supersededBy' && { 'input.memoryId': `"${ownId}"` }),
    ...(field === 'supersedes' && { 'input.content': '"Acme sells rockets."' }),
  });
  const ask = (key: string, { of, path }: Place, id: string): Promise<Outcome> =>
    firstResult(app, key, of, documentOf(of, { ...besides(path.at(-1) ?? ''), [path.join('.')]: `"${id}"` }));

  it.each(IDS.map((place) => ({ place, name: `${place.of.name} ${place.path.join('.')}` })))(
    'reads at $name as one of nothing',
    async ({ place }) => {
      const theirs = foreign[kindOf(place)];
      expect(theirs, kindOf(place)).toBeDefined();
      const [told, unknown] = [await ask(bound, place, theirs ?? ''), await ask(bound, place, NOBODY)];
      expect(unknown.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
      expect(told).toEqual(unknown);
    },
  );

  it.each([
    ['GET', '/memories/{memory}'],
    ['GET', '/memories/{memory}/timeline'],
    ['GET', '/memories/{memory}/audit'],
    ['POST', '/memories/{memory}/supersede', { valid_to: '2999-01-01T00:00:00Z' }],
    ['POST', '/agent/proposals/{proposal}/approve'],
    ['POST', '/agent/proposals/{proposal}/reject'],
    ['GET', '/agent/imports/{import}'],
  ])('reads at %s %s as one of nothing', async (method, path, body?: object) => {
    const at = (id: (kind: string) => string) => path.replace(/\{(\w+)\}/, (_, kind: string) => id(kind));
    const told = await rest(
      bound,
      method,
      at((kind) => foreign[kind] ?? ''),
      body,
    );
    const unknown = await rest(
      bound,
      method,
      at(() => NOBODY),
      body,
    );
    expect(unknown.status).toBe(404);
    expect([told.status, told.body]).toEqual([unknown.status, unknown.body]);
  });
});

describe('every tenant that is named', () => {
  const BESIDES: Record<string, Record<string, string>> = {
    'Query.changes': { to: '"2026-02-01T00:00:00Z"' },
    'Mutation.addMemories': { 'input.content': '"Acme waits."' },
    'Mutation.deleteMemories': { 'input.sessionId': '"none"' },
    'Mutation.eraseSubject': { 'input.sessionId': '"none"' },
  };
  const TENANTS = placesOf(({ name }) => name === 'tenantId');

  it.each(TENANTS.map((place) => ({ place, name: `${place.of.name} ${place.path.join('.')}` })))(
    'at $name is refused alike whether or not there is anything in it, and its own is not',
    async ({ place: { of, path } }) => {
      const ask = (tenant: string) =>
        firstResult(app, bound, of, documentOf(of, { ...BESIDES[of.name], [path.join('.')]: `"${tenant}"` }));
      const [told, unknown] = [await ask(THEIRS), await ask('nowhere')];
      expect(told.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', field: 'tenantId' } }]);
      expect(told).toEqual(unknown);
      expect((await ask(OURS)).errors?.[0]?.extensions.code ?? '').not.toBe('FORBIDDEN');
    },
  );

  it.each([
    ['GET', '/agent/memories?tenant_id=globex'],
    ['DELETE', '/agent/memories?tenant_id=globex'],
    ['POST', '/agent/memories', { content: 'x', tenant_id: THEIRS }],
    ['POST', '/agent/query', { question: 'x', tenant_id: THEIRS }],
    ['GET', '/agent/changes?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&tenant_id=globex'],
    ['GET', '/agent/proposals?tenant_id=globex'],
    ['GET', '/agent/events?tenant_id=globex'],
    ['POST', '/agent/memories/import?tenant_id=globex'],
  ])('is refused at %s %s, naming tenant_id', async (method, path, body?: object) => {
    const reply = await rest<{ code: string; field: string }>(bound, method, path, body);
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({ code: 'FORBIDDEN', field: 'tenant_id' });
  });

  it('is refused row by row where rows of an import name it', async () => {
    const rows = [{ content: 'Acme hires.' }, { content: 'Globex hires.', tenant_id: THEIRS }];
    const [, first, second] = await importOf(await send(bound, rows, 'rows'));
    expect(first).toMatchObject({ status: 'stored' });
    expect(second).toMatchObject({ status: 'rejected', code: 'FORBIDDEN' });
    const all = await rest<WireList>(owner, 'GET', '/agent/memories?tenant_id=globex');
    expect(JSON.stringify(all.body)).not.toContain('Globex hires.');
  });

  it('is no way out when all are meant', async () => {
    const { body } = await rest<Outcome>(bound, 'POST', '/graphql', {
      query: 'mutation { deleteMemories(input: { allTenants: true }) { deletedCount } }',
    });
    expect(body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', field: 'allTenants' } }]);
  });
});

describe('a key that is bound', () => {
  it('sees, counts and finds its own tenant where it names none', async () => {
    const { memories, search, embeddingStatus } = await graphql<{
      memories: { totalCount: number; nodes: { text: string; tenantId: string }[] };
      search: { edges: { node: { memory: { text: string } } }[] };
      embeddingStatus: { total: number };
    }>(
      bound,
      '{ memories { totalCount nodes { text tenantId } } search(query: "Globex buys Initech") { edges { node { memory { text } } } } embeddingStatus { total } }',
    );
    expect(new Set(memories.nodes.map(({ tenantId }) => tenantId))).toEqual(new Set([OURS]));
    expect(memories.totalCount).toBe(memories.nodes.length);
    expect(embeddingStatus.total).toBe(memories.totalCount);
    expect(JSON.stringify(search)).not.toContain('Initech');
  });

  it('writes to its own, and is told so', async () => {
    const { body } = await rest<{ memory_id: string }>(bound, 'POST', '/agent/memories', { content: 'Acme moves.' });
    const memory = await app.deps.db.memory.findFirst({ where: { id: body.memory_id } });
    expect(memory?.tenantId).toBe(OURS);
  });

  it('to the default tenant is bound to it as to another', async () => {
    const list = await rest<WireList>(boundToDefault, 'GET', '/agent/memories');
    expect(list.body.memories.map(({ decision }) => decision)).toEqual(['The office is closed.']);
    expect((await rest(boundToDefault, 'GET', '/agent/memories?tenant_id=acme')).status).toBe(403);
  });

  it('hears of its own tenant alone, also where others ask for the same', async () => {
    const feed = 'subscription { memoryEvents { __typename ... on MemoryEvent { kind memory { text } } } }';
    const [ours, all] = [resultsOf(app, bound, feed), resultsOf(app, owner, feed)];
    await Promise.all([ours.next(), all.next()]);
    await add(owner, 'Globex sells.', THEIRS);
    await add(owner, 'Acme buys.', OURS);
    expect(JSON.stringify((await all.next()).value)).toContain('Globex sells.');
    expect(JSON.stringify((await ours.next()).value)).toContain('Acme buys.');
    await Promise.all([ours.return(undefined), all.return(undefined)]);
  });

  it('lists keys and webhooks that are bound as it is', async () => {
    const { apiKeys, webhooks } = await graphql<{
      apiKeys: { edges: { node: { name: string; tenantId: string } }[] };
      webhooks: object[];
    }>(bound, '{ apiKeys { edges { node { name tenantId } } } webhooks { id } }');
    expect(apiKeys.edges.map(({ node }) => node)).toContainEqual({ name: OURS, tenantId: OURS });
    expect(new Set(apiKeys.edges.map(({ node }) => node.tenantId))).toEqual(new Set([OURS]));
    expect(webhooks).toEqual([]);
  });

  it('shares no idempotency key and no name of an import with others of the account', async () => {
    const say = (key: string, content: string) =>
      rest<{ memory_id: string }>(key, 'POST', '/agent/memories', { content }, { 'idempotency-key': 'once' });
    const [theirs, ours] = [await say(owner, 'One.'), await say(bound, 'Two.')];
    expect([theirs.status, ours.status]).toEqual([200, 200]);
    expect((await say(bound, 'Two.')).body.memory_id).toBe(ours.body.memory_id);
    const [begun] = await importOf(await send(bound, [{ content: 'Acme nightly.' }], 'nightly'));
    expect(begun).toMatchObject({ event: 'begun', key: 'nightly', rows_done: 0 });
    expect(begun?.['import_id']).not.toBe(foreign['import']);
  });

  it('hears that all tenants were deleted, but not what of others', async () => {
    const feed = await app.fetch(
      new Request('http://palimpsest/agent/events?kinds=deleted', { headers: { authorization: `Bearer ${bound}` } }),
    );
    const reader = (feed.body as ReadableStream<Uint8Array>).getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await read()).toContain('feed.opened');
    const live = resultsOf(
      app,
      bound,
      'subscription { memoryEvents(kinds: [DELETED]) { __typename ... on MemoryEvent { kind memory { text } } } }',
    );
    await live.next();
    await graphql(owner, 'mutation { deleteMemories(input: { allTenants: true }) { deletedCount } }');
    const event = { __typename: 'MemoryEvent', kind: 'DELETED', memory: null };
    expect((await live.next()).value).toEqual({ data: { memoryEvents: event } });
    await live.return(undefined);
    const told = await read();
    await reader.cancel();
    expect(told).toContain('"event":"memory.deleted"');
    expect(told).toContain(`"tenant_id":"${OURS}"`);
    expect(told).not.toContain(foreign['memory']);
    expect(told).not.toContain('deleted_count');
  });
});
