import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/start-app.js';

let app: TestApp;
let key = '';
let url = '';

/** As it is put on the open internet. */
const HARDENED = { NODE_ENV: 'production', PALIMPSEST_GRAPHQL_INTROSPECTION: 'true' };

beforeAll(async () => {
  app = await startApp({ env: HARDENED });
  ({ key } = await app.newClient());
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
