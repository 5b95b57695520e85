import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { DEFAULT_SCOPES, SCOPES, type Scope } from '../../src/core/rules/scopes.js';
import { ROUTES } from '../../src/rest/routes.js';
import { documentOf, firstResult, NOBODY, ROOT_FIELDS, type Outcome } from '../support/operations.js';
import { callRest, startApp, type TestApp } from '../support/start-app.js';

/** A key makes none with other scopes than its own. */
const NO_MORE_THAN_ITS_OWN: Record<string, Record<string, string>> = {
  'Mutation.createApiKey': { 'input.scopes': '[KEYS]' },
};

/** What each field needs. One that is not here fails. */
const FIELDS: Record<string, readonly Scope[]> = {
  'Query.viewer': [],
  'Query.apiKeys': ['keys'],
  'Query.memory': ['memories:read'],
  'Query.memories': ['memories:read'],
  'Query.search': ['memories:read'],
  'Query.timeline': ['memories:read'],
  'Query.changes': ['memories:read'],
  'Query.erasureCertificates': ['memories:read'],
  'Query.embeddingStatus': ['memories:read'],
  'Query.supersessionPrecision': ['review'],
  'Query.supersessionProposals': ['review'],
  'Query.settings': ['settings'],
  'Query.planStatus': ['settings'],
  'Query.webhooks': ['settings'],
  'Query.import': ['memories:write'],
  'Mutation.createApiKey': ['keys'],
  'Mutation.updateApiKey': ['keys'],
  'Mutation.rotateApiKey': ['keys'],
  'Mutation.revokeApiKey': ['keys'],
  'Mutation.setPlan': ['admin'],
  'Mutation.addMemories': ['memories:write'],
  'Mutation.deleteMemories': ['memories:write'],
  'Mutation.eraseSubject': ['memories:write'],
  'Mutation.retractMemory': ['memories:write'],
  'Mutation.supersedeMemory': ['memories:write'],
  'Mutation.revertSupersession': ['memories:write'],
  'Mutation.query': ['query'],
  'Mutation.updateSettings': ['settings'],
  'Mutation.approveSupersession': ['review'],
  'Mutation.rejectSupersession': ['review'],
  'Mutation.createWebhook': ['settings', 'memories:read'],
  'Mutation.updateWebhook': ['settings', 'memories:read'],
  'Mutation.deleteWebhook': ['settings'],
  'Mutation.rotateWebhookSecret': ['settings'],
  'Mutation.replayWebhook': ['settings', 'memories:read'],
  'Subscription.memoryEvents': ['memories:read'],
  'Subscription.supersessions': ['memories:read'],
  'Subscription.supersessionProposed': ['review'],
  'Subscription.answer': ['query'],
  'Subscription.answerChanged': ['query'],
  'Subscription.importProgress': ['memories:write'],
  'Subscription.planStatusChanged': ['settings'],
};

const ENDPOINTS: Record<string, readonly Scope[]> = {
  'POST /agent/memories': ['memories:write'],
  'GET /agent/memories': ['memories:read'],
  'DELETE /agent/memories': ['memories:write'],
  'POST /agent/memories/import': ['memories:write'],
  'GET /agent/imports/{import_id}': ['memories:write'],
  'POST /agent/query': ['query'],
  'GET /agent/changes': ['memories:read'],
  'GET /agent/events': ['memories:read'],
  'GET /agent/settings': ['settings'],
  'PATCH /agent/settings': ['settings'],
  'GET /plan/status': ['settings'],
  'GET /memories/{memory_id}': ['memories:read'],
  'GET /memories/{memory_id}/timeline': ['memories:read'],
  'GET /memories/{memory_id}/audit': ['memories:read'],
  'POST /memories/{memory_id}/supersede': ['memories:write'],
  'GET /agent/proposals': ['review'],
  'POST /agent/proposals/{proposal_id}/approve': ['review'],
  'POST /agent/proposals/{proposal_id}/reject': ['review'],
};

let app: TestApp;
let accountId: string;
const made = new Map<string, Promise<string>>();

beforeAll(async () => {
  app = await startApp();
  accountId = (await createAccount(app.deps, { name: 'scopes' })).id;
});
afterAll(() => app.close());

/** A key with these scopes, and no other. */
function keyWith(scopes: readonly Scope[]): Promise<string> {
  const name = scopes.join();
  const make = async () => (await createApiKey(app.deps, { name: 'scoped', accountId, scopes: [...scopes] })).key;
  const key = made.get(name) ?? make();
  made.set(name, key);
  return key;
}
const keyWithout = (scope: Scope): Promise<string> => keyWith(SCOPES.filter((one) => one !== scope));
/** One that holds something, where nothing is needed. */
const keyWithOnly = (scopes: readonly Scope[]): Promise<string> =>
  keyWith(scopes.length > 0 ? scopes : ['schema:read']);

const lacks = (scope: Scope): string => `This API key lacks the scope ${scope}.`;

describe('GraphQL', () => {
  it('declares for each field of the schema what it needs', () => {
    expect(ROOT_FIELDS.map(({ name }) => name).sort()).toEqual(Object.keys(FIELDS).sort());
  });

  it.each(ROOT_FIELDS)('$name is refused to a key without a scope that it needs', async (root) => {
    for (const scope of FIELDS[root.name] ?? []) {
      const { errors, data } = await firstResult(app, await keyWithout(scope), root, documentOf(root));
      expect(errors).toMatchObject([{ message: lacks(scope), extensions: { code: 'FORBIDDEN' } }]);
      expect(errors?.[0]?.extensions.field).toBeUndefined();
      expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([]);
    }
  });

  it.each(ROOT_FIELDS)('$name needs nothing else', async (root) => {
    const key = await keyWithOnly(FIELDS[root.name] ?? []);
    const outcome: Outcome = await firstResult(app, key, root, documentOf(root, NO_MORE_THAN_ITS_OWN[root.name]));
    expect(outcome.errors?.map(({ extensions }) => extensions.code) ?? []).not.toContain('FORBIDDEN');
    expect(outcome.errors?.map(({ extensions }) => extensions.code) ?? []).not.toContain('GRAPHQL_VALIDATION_FAILED');
  });
});

describe('REST', () => {
  const nameOf = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;
  const ask = async (key: string, { method, path, isStreamed }: (typeof ROUTES)[number]) => {
    const hasBody = method === 'POST' || method === 'PATCH';
    const response = await app.fetch(
      new Request(`http://palimpsest${path.replace(/\{\w+\}/, NOBODY)}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(hasBody && !isStreamed && { 'content-type': 'application/json' }),
        },
        ...(hasBody && { body: isStreamed ? '' : '{}' }),
      }),
    );
    const isFeed = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    const body = isFeed ? await response.body?.cancel() : await response.text();
    return { status: response.status, body: body ?? '' };
  };

  it('declares for each route what it needs', () => {
    expect(ROUTES.map(nameOf).sort()).toEqual(Object.keys(ENDPOINTS).sort());
  });

  it.each(ROUTES)(
    '$method $path is refused with 403 to a key without the scope, and needs nothing else',
    async (route) => {
      const scopes = ENDPOINTS[nameOf(route)] ?? [];
      for (const scope of scopes) {
        const { status, body } = await ask(await keyWithout(scope), route);
        expect(status).toBe(403);
        expect(JSON.parse(body)).toEqual({ detail: lacks(scope), code: 'FORBIDDEN' });
      }
      expect((await ask(await keyWithOnly(scopes), route)).status).not.toBe(403);
    },
  );
});

describe('a key that was made without naming scopes', () => {
  it('does all but to administer keys and accounts', async () => {
    const { apiKey } = await createApiKey(app.deps, { name: 'plain', accountId });
    expect(new Set(apiKey.scopes)).toEqual(new Set(DEFAULT_SCOPES));
    expect(apiKey.scopes).not.toContain('keys');
    expect(apiKey.scopes).not.toContain('admin');
  });
});

describe('a key that may write and not read', () => {
  it('is shown of memories what it sent, and nothing by their ids', async () => {
    const writer = await keyWith(['memories:write']);
    const headers = { authorization: `Bearer ${writer}` };
    const { body } = await callRest<{ memory_id: string }>(
      app,
      'POST',
      '/agent/memories',
      { content: 'Is tall.' },
      headers,
    );
    const retract = (selection: string) =>
      callRest<Outcome>(
        app,
        'POST',
        '/graphql',
        {
          query: `mutation { retractMemory(input: { memoryId: "${body.memory_id}", reason: "no" }) { ${selection} } }`,
        },
        headers,
      );
    const refused = await retract('memory { id ... on Memory { text } }');
    expect(refused.body.errors).toMatchObject([{ message: lacks('memories:read'), extensions: { code: 'FORBIDDEN' } }]);
    expect((await retract('memory { id } cursor')).body.errors).toBeUndefined(); // and so it was not retracted before
  });

  it('may ask questions where it may query, and see what is cited, but not its history', async () => {
    const asker = await keyWith(['query']);
    const ask = (selection: string) =>
      callRest<Outcome>(
        app,
        'POST',
        '/graphql',
        { query: `mutation { query(input: { question: "Who is tall?" }) { citations { memory { ${selection} } } } }` },
        { authorization: `Bearer ${asker}` },
      );
    expect((await ask('text validFrom')).body.errors).toBeUndefined();
    expect((await ask('timeline { entries { text } }')).body.errors).toMatchObject([
      { message: lacks('memories:read') },
    ]);
    expect((await ask('audit { originalInput }')).body.errors).toMatchObject([{ message: lacks('memories:read') }]);
  });
});
