import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKey } from '../../src/core/accounts.js';
import { DEFAULT_SCOPES } from '../../src/core/rules/scopes.js';
import { startApp, type TestApp } from '../support/start-app.js';

let app: TestApp;
let key = '';
let url = '';

/** As it is put on the open internet. */
const HARDENED = { NODE_ENV: 'production', PALIMPSEST_GRAPHQL_INTROSPECTION: 'false' };

beforeAll(async () => {
  app = await startApp({ env: HARDENED });
  const { caller } = await app.newClient();
  // Some of them ask for the schema.
  const scopes = [...DEFAULT_SCOPES, 'schema:read' as const];
  ({ key } = await createApiKey(app.deps, {
    name: 'audits',
    accountId: caller.accountId,
    autoSupersedeDefault: false,
    scopes,
  }));
  url = `${await app.listen()}/graphql`;
});
afterAll(() => app.close());

const audits = serverAudits({
  url: () => url,
  fetchFn: (target: string, init: RequestInit = {}) =>
    fetch(target, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${key}` },
    }),
});

describe('the audits of graphql-http, with everything hardened', () => {
  it('are all there', () => {
    expect(new Set(audits.map(({ id }) => id)).size).toBe(61);
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (_id, _name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });
});
