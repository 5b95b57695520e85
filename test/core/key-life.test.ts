import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createApiKey, revokeApiKey } from '../../src/core/accounts.js';
import { authenticate } from '../../src/core/authenticate.js';
import { createKey } from '../../src/core/create-key.js';
import { KeyUses } from '../../src/core/key-uses.js';
import { KnownKeys } from '../../src/core/known-keys.js';
import { parseApiKey, renewApiKeyText } from '../../src/core/rules/api-key.js';
import { SCOPES, type Scope } from '../../src/core/rules/scopes.js';
import { setPlan } from '../../src/core/set-plan.js';
import { rotateKey } from '../../src/core/update-key.js';
import { runOperatorCommand } from '../../src/operator.js';
import { createClock } from '../support/clock.js';
import { resultsOf, type Outcome } from '../support/operations.js';
import { callRest, startApp, type TestApp } from '../support/start-app.js';

const HOUR = 3_600_000;
const clock = createClock();
let app: TestApp;
let accountId: string;

beforeAll(async () => {
  app = await startApp({ now: clock.now });
  accountId = (await createAccount(app.deps, { name: 'life' })).id;
});
afterAll(() => app.close());

interface Terms {
  scopes?: Scope[];
  boundTenant?: string;
  expiresAt?: Date;
}
const keyOf = (terms: Terms = {}) =>
  createApiKey(app.deps, { name: 'key', accountId, scopes: SCOPES.filter((scope) => scope !== 'admin'), ...terms });
const status = async (key: string): Promise<number> =>
  (await callRest(app, 'GET', '/plan/status', undefined, { authorization: `Bearer ${key}` })).status;
const graphql = async (key: string, query: string): Promise<Outcome> =>
  (await callRest<Outcome>(app, 'POST', '/graphql', { query }, { authorization: `Bearer ${key}` })).body;
interface Made {
  key: string;
  apiKey: { id: string; publicId: string; previousSecretUntil: string | null };
}

interface Page {
  pageInfo: { hasNextPage: boolean; endCursor: string };
  edges: { node: { publicId: string } }[];
}

/** The field that an operation asks for. */
const one = async <Value extends object = object>(key: string, query: string): Promise<Value> => {
  const { data, errors } = await graphql(key, query);
  expect(errors).toBeUndefined();
  return (Object.values(data as object) as Value[])[0] as Value;
};
const refusal = async (key: string, query: string): Promise<object> => {
  const { message, extensions } = (await graphql(key, query)).errors?.[0] ?? {};
  return { message, ...extensions };
};
const inHours = (hours: number): Date => new Date(clock.now().getTime() + hours * HOUR);

describe('a key with an end', () => {
  it('is accepted until then, and its feeds end within a second of it', async () => {
    const { key } = await keyOf({ expiresAt: inHours(1) });
    const feed = resultsOf(app, key, 'subscription { memoryEvents { __typename } }');
    await feed.next();
    expect(await status(key)).toBe(200);
    clock.advance(HOUR);
    expect(await status(key)).toBe(401);
    expect((await feed.next()).value).toMatchObject({
      errors: [
        { message: 'The API key has expired while this feed was open.', extensions: { code: 'UNAUTHENTICATED' } },
      ],
    });
    expect((await feed.next()).done).toBe(true);
  });

  it('must have it ahead', async () => {
    await expect(keyOf({ expiresAt: inHours(0) })).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'expiresAt' });
  });
});

describe('a rotation', () => {
  const rotate = (by: string, id: string, hours?: number) =>
    one<Made>(
      by,
      `mutation { rotateApiKey(input: { apiKeyId: "${id}"${hours === undefined ? '' : `, overlapHours: ${hours}`} }) { key apiKey { id publicId previousSecretUntil } } }`,
    );

  it('gives the same key another secret, and the one before is accepted for a day', async () => {
    const { key: old, apiKey } = await keyOf();
    const { key: fresh, apiKey: rotated } = await rotate(old, apiKey.id);
    expect(rotated).toMatchObject({ id: apiKey.id, publicId: apiKey.publicId });
    expect(rotated.previousSecretUntil).toBe(inHours(24).toISOString());
    expect(fresh).not.toBe(old);
    const callers = await Promise.all([old, fresh].map((key) => authenticate(app.deps, `Bearer ${key}`)));
    expect(new Set(callers.map(({ apiKeyId }) => apiKeyId)).size).toBe(1);
    const feed = resultsOf(app, old, 'subscription { memoryEvents { __typename } }');
    await feed.next();
    clock.advance(24 * HOUR);
    expect([await status(old), await status(fresh)]).toEqual([401, 200]);
    expect(JSON.stringify((await feed.next()).value)).toContain('was rotated while this feed was open');
  });

  it('may end the one before at once, and lets no third live', async () => {
    const { key: first, apiKey } = await keyOf();
    const { key: second } = await rotate(first, apiKey.id, 168);
    const { key: third } = await rotate(second, apiKey.id);
    expect([await status(first), await status(second), await status(third)]).toEqual([401, 200, 200]);
    const { key: last } = await rotate(third, apiKey.id, 0);
    expect([await status(second), await status(third), await status(last)]).toEqual([401, 401, 200]);
  });

  it('leaves nobody who shows the secret before a way to keep hold of the key, or to make another that lasts', async () => {
    const { key: leaked, apiKey } = await keyOf();
    const { key: fresh } = await rotate(leaked, apiKey.id, 2);
    const take = `mutation { rotateApiKey(input: { apiKeyId: "${apiKey.id}", overlapHours: 0 }) { key } }`;
    expect(await refusal(leaked, take)).toMatchObject({ code: 'FORBIDDEN', field: 'apiKeyId' });
    const make = (end: string) =>
      `mutation { createApiKey(input: { name: "made", scopes: [QUERY]${end} }) { key apiKey { expiresAt } } }`;
    const until = inHours(2).toISOString();
    expect(await refusal(leaked, make(`, expiresAt: "${inHours(3).toISOString()}"`))).toMatchObject({
      code: 'FORBIDDEN',
      field: 'expiresAt',
    });
    expect(await one(leaked, make(''))).toMatchObject({ apiKey: { expiresAt: until } });
    expect(await one(fresh, make(''))).toMatchObject({ apiKey: { expiresAt: null } });
    expect([await status(leaked), await status(fresh)]).toEqual([200, 200]);
  });

  it('gives nobody a key that outlives their own', async () => {
    const lasting = await keyOf({ scopes: ['keys'] });
    const ending = await keyOf({ scopes: ['keys'], expiresAt: inHours(5) });
    const until = (end: number) => keyOf({ scopes: ['keys'], expiresAt: inHours(end) });
    const take = (id: string) => `mutation { rotateApiKey(input: { apiKeyId: "${id}" }) { key } }`;
    for (const { apiKey } of [lasting, await until(6)])
      expect(await refusal(ending.key, take(apiKey.id))).toMatchObject({ code: 'FORBIDDEN', field: 'apiKeyId' });
    for (const { apiKey } of [ending, await until(5), await until(4)])
      expect(await one(ending.key, take(apiKey.id))).toMatchObject({ key: expect.stringMatching(/^aurra_/) as string });
    expect(await status(lasting.key)).toBe(403); // it is still the key that it was; settings are not its business
  });

  it('counts for what a key passes on, also where another server does not know of it yet', async () => {
    const { key, apiKey, caller } = await keyOf().then(async (made) => ({
      ...made,
      caller: await authenticate(app.deps, `Bearer ${made.key}`),
    }));
    await rotate(key, apiKey.id, 0);
    const input = { name: 'made', scopes: ['query' as const] };
    await expect(createKey(app.deps, caller, input)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(rotateKey(app.deps, caller, { apiKeyId: apiKey.id })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it.each([-1, 169])('does not overlap for %d hours', async (hours) => {
    const { key, apiKey } = await keyOf();
    expect(
      await refusal(
        key,
        `mutation { rotateApiKey(input: { apiKeyId: "${apiKey.id}", overlapHours: ${hours} }) { key } }`,
      ),
    ).toMatchObject({ code: 'INVALID_INPUT', field: 'overlapHours' });
    expect(await status(key)).toBe(200);
  });
});

describe('what is known of a key', () => {
  it('costs no statement while it is fresh, and is asked for again after', async () => {
    const { key, apiKey } = await keyOf();
    const [, publicId = ''] = key.split('_');
    const shown = { publicId, secretHash: apiKey.secretHash };
    const asked = (keys: KnownKeys, times: number) =>
      app.statementsOf(
        async () => {
          for (let n = 0; n < times; n++) await keys.find(shown);
        },
        (sql) => /FROM api_keys k JOIN/.test(sql),
      );
    expect(await asked(new KnownKeys(app.deps.db, 60_000), 20)).toHaveLength(1);
    expect(await asked(new KnownKeys(app.deps.db, 0), 3)).toHaveLength(3);
  });

  it('is not kept of wrong secrets of a key that there is: who guesses would drive out all others', async () => {
    const { key } = await keyOf();
    const publicId = key.split('_')[1] ?? '';
    const wrong = parseApiKey(renewApiKeyText(publicId));
    if (!wrong) throw new Error('a key that was just made does not parse');
    const keys = new KnownKeys(app.deps.db, 60_000);
    const asked = await app.statementsOf(
      async () => {
        for (let n = 0; n < 3; n++) expect((await keys.find(wrong))?.publicId).toBe(publicId);
      },
      (sql) => /FROM api_keys k JOIN/.test(sql),
    );
    expect(asked).toHaveLength(3);
  });

  it('lives for less than a second where nobody tells of a change', async () => {
    const { key, apiKey } = await keyOf();
    expect(await status(key)).toBe(200);
    await app.deps.db.apiKey.updateMany({ where: { id: apiKey.id }, data: { revokedAt: clock.now() } });
    await expect.poll(() => status(key), { timeout: 10_000 }).toBe(401);
  });

  it('is forgotten with a change while it is being asked for', async () => {
    const { key, apiKey } = await keyOf();
    const shown = { publicId: key.split('_')[1] ?? '', secretHash: apiKey.secretHash };
    const keys = new KnownKeys(app.deps.db, 60_000);
    const before = keys.find(shown);
    keys.forgetKey(apiKey.id);
    const after = keys.find(shown);
    expect(after).not.toBe(before);
    await Promise.all([before, after]);
    expect(keys.find(shown)).toBe(after);
  });

  it('holds the plan: a change of it holds for the next request', async () => {
    const { id } = await createAccount(app.deps, { name: 'plans' });
    const { key } = await createApiKey(app.deps, { name: 'key', accountId: id });
    const list = async () =>
      (await callRest(app, 'GET', '/agent/memories', undefined, { authorization: `Bearer ${key}` })).status;
    expect(await list()).toBe(200);
    await setPlan(app.deps, { accountId: id, status: 'canceled' });
    expect(await list()).toBe(402);
    await setPlan(app.deps, { accountId: id, status: 'active' });
    expect(await list()).toBe(200);
  });
});

describe('the last use of a key', () => {
  it('is noted to the minute, and never by the request itself', async () => {
    const { apiKey } = await keyOf();
    const uses = new KeyUses(app.deps, (error) => {
      throw error;
    });
    const caller = { accountId, apiKeyId: apiKey.id };
    const isNote = (sql: string) => sql.includes('last_used_at =');
    const noted = async () =>
      (await app.deps.db.apiKey.findFirst({ where: { id: apiKey.id }, select: { lastUsedAt: true } }))?.lastUsedAt;
    expect(await noted()).toBeNull();
    const first = clock.now();
    uses.note(caller);
    await uses.write();
    expect(await noted()).toEqual(first);
    clock.advance(59_000);
    uses.note(caller);
    expect(await app.statementsOf(() => uses.write(), isNote)).toHaveLength(0);
    clock.advance(1_000);
    uses.note(caller);
    expect(await app.statementsOf(() => uses.stop(), isNote)).toHaveLength(1);
    expect(await noted()).toEqual(clock.now());
  });
});

describe('keys by GraphQL', () => {
  const make = (input: string) =>
    `mutation { createApiKey(input: { name: "made", ${input} }) { key apiKey { id scopes tenantId expiresAt } } }`;

  it('make others with no more rights than their own', async () => {
    const expiresAt = inHours(5);
    const { key } = await keyOf({ scopes: ['keys', 'query'], boundTenant: 'acme', expiresAt });
    const made = await one<Made>(key, make('scopes: [QUERY]'));
    expect(made.apiKey).toMatchObject({ scopes: ['QUERY'], tenantId: 'acme', expiresAt: expiresAt.toISOString() });
    expect(await refusal(key, make('scopes: [QUERY, REVIEW]'))).toMatchObject({
      code: 'FORBIDDEN',
      message: 'This API key lacks the scope review.',
    });
    expect(await refusal(key, make('scopes: [QUERY], tenantId: ""'))).toMatchObject({
      code: 'FORBIDDEN',
      field: 'tenantId',
    });
    const later = inHours(6).toISOString();
    expect(await refusal(key, make(`scopes: [QUERY], expiresAt: "${later}"`))).toMatchObject({
      code: 'FORBIDDEN',
      field: 'expiresAt',
    });
    expect(await refusal(key, make('scopes: []'))).toMatchObject({ code: 'INVALID_INPUT', field: 'scopes' });
  });

  it('neither rotate nor change those that may do more, and know none of another account', async () => {
    const strong = await keyOf();
    const { key } = await keyOf({ scopes: ['keys'] });
    const id = strong.apiKey.id;
    const forbidden = { code: 'FORBIDDEN', message: 'This API key lacks the scope memories:read.' };
    expect(await refusal(key, `mutation { rotateApiKey(input: { apiKeyId: "${id}" }) { key } }`)).toMatchObject(
      forbidden,
    );
    expect(
      await refusal(key, `mutation { updateApiKey(input: { apiKeyId: "${id}", name: "mine" }) { id } }`),
    ).toMatchObject(forbidden);
    const other = await createAccount(app.deps, { name: 'other' });
    const theirs = await createApiKey(app.deps, { name: 'theirs', accountId: other.id });
    for (const verb of ['rotateApiKey', 'updateApiKey', 'revokeApiKey'])
      expect(
        await refusal(strong.key, `mutation { ${verb}(input: { apiKeyId: "${theirs.apiKey.id}" }) { __typename } }`),
      ).toMatchObject({ code: 'NOT_FOUND', field: 'apiKeyId' });
    expect(await status(theirs.key)).toBe(200);
  });

  it('take scopes from a key at once, and end what it has open', async () => {
    const { key: owner } = await keyOf();
    const { key, apiKey } = await keyOf({ scopes: ['memories:read', 'settings'] });
    const feed = resultsOf(app, key, 'subscription { memoryEvents { __typename } }');
    await feed.next();
    const update = (input: string) =>
      `mutation { updateApiKey(input: { apiKeyId: "${apiKey.id}", ${input} }) { name scopes expiresAt } }`;
    expect(await one(owner, update('scopes: [MEMORIES_READ], name: "reader"'))).toEqual({
      name: 'reader',
      scopes: ['MEMORIES_READ'],
      expiresAt: null,
    });
    expect(await status(key)).toBe(403);
    expect((await feed.next()).value).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    const end = inHours(2).toISOString();
    expect(await one(owner, update(`expiresAt: "${end}"`))).toMatchObject({ expiresAt: end });
    expect(await one(owner, update('isPermanent: true'))).toMatchObject({ expiresAt: null });
  });

  it('revoke a key with its feeds, for good', async () => {
    const { key: owner } = await keyOf();
    const { key, apiKey } = await keyOf();
    const feed = resultsOf(app, key, 'subscription { memoryEvents { __typename } }');
    await feed.next();
    const revoke = `mutation { revokeApiKey(input: { apiKeyId: "${apiKey.id}" }) { state } }`;
    expect(await one(owner, revoke)).toEqual({ state: 'REVOKED' });
    expect(await status(key)).toBe(401);
    expect(JSON.stringify((await feed.next()).value)).toContain('was revoked while this feed was open');
    expect(await one(owner, revoke)).toEqual({ state: 'REVOKED' });
    expect(
      await refusal(owner, `mutation { rotateApiKey(input: { apiKeyId: "${apiKey.id}" }) { key } }`),
    ).toMatchObject({ code: 'CONFLICT', field: 'apiKeyId' });
  });

  it('are listed page by page, without their secrets', async () => {
    const { id } = await createAccount(app.deps, { name: 'listed' });
    const scopes: Scope[] = ['keys'];
    const keys: string[] = [];
    for (let n = 0; n < 3; n++)
      keys.push((await createApiKey(app.deps, { name: `key ${n}`, accountId: id, scopes })).key);
    const page = (after: string) =>
      one<Page>(
        keys[0] ?? '',
        `{ apiKeys(first: 2${after}) { pageInfo { hasNextPage endCursor } edges { node { name publicId state } } } }`,
      );
    const first = await page('');
    const second = await page(`, after: "${first.pageInfo.endCursor}"`);
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    const names = [...first.edges, ...second.edges].map(({ node }) => node.publicId);
    expect(new Set(names)).toEqual(new Set(keys.map((key) => key.split('_')[1])));
    expect(await refusal(keys[0] ?? '', '{ apiKeys(after: "bm9uc2Vuc2U") { __typename } }')).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'after',
    });
  });

  it('tell who asks', async () => {
    const { key, apiKey } = await keyOf({ scopes: ['query'], boundTenant: '' });
    expect(await one(key, '{ viewer { accountId accountName cursor apiKey { id scopes tenantId state } } }')).toEqual({
      accountId,
      accountName: 'life',
      cursor: '0',
      apiKey: { id: apiKey.id, scopes: ['QUERY'], tenantId: '', state: 'ACTIVE' },
    });
  });

  it("set the plan of any account where they are the operator's", async () => {
    const { id } = await createAccount(app.deps, { name: 'tenant', plan: 'starter' });
    const { key } = await keyOf({ scopes: ['admin'] });
    const set = (input: string) => `mutation { setPlan(input: { ${input} }) { accountId plan status } }`;
    expect(await one(key, set(`accountId: "${id}", plan: PRO, status: PAST_DUE`))).toEqual({
      accountId: id,
      plan: 'PRO',
      status: 'PAST_DUE',
    });
    await expect(keyOf({ scopes: ['admin'], boundTenant: 'acme' })).rejects.toMatchObject({ field: 'scopes' });
  });
});

describe('the command line', () => {
  const operate = (...argv: string[]) => runOperatorCommand(app.deps, argv);
  const publicIdIn = (text: string): string => /aurra_(\w{12})_/.exec(text)?.[1] ?? '';
  const rowOf = async (publicId: string): Promise<string[]> =>
    (await operate('keys', 'list', '--account', accountId))
      .split('\n')
      .map((line) => line.split('\t'))
      .find(([id]) => id === publicId) ?? [];

  it('makes, lists and rotates keys with scopes, a tenant and an end', async () => {
    const options = ['--account', accountId, '--scope', 'query,memories:read', '--scope', 'review'];
    const made = await operate('keys', 'create', '--name', 'bot', ...options, '--tenant', 'acme', '--expires', '90d');
    const id = publicIdIn(made);
    expect((await rowOf(id)).slice(5)).toEqual([
      'bot',
      'memories:read,query,review',
      '"acme"',
      inHours(90 * 24).toISOString(),
      'never',
    ]);
    const rotated = await operate('keys', 'rotate', id, '--overlap-hours', '2');
    expect(publicIdIn(rotated)).toBe(id);
    expect(rotated).toContain(inHours(2).toISOString());
    clock.advance(91 * 24 * HOUR);
    expect((await rowOf(id))[1]).toBe('expired');
  });

  it('changes the name, the scopes and the end of a key, also under a running feed', async () => {
    const { key, apiKey } = await keyOf({ scopes: ['memories:read', 'settings'] });
    const feed = resultsOf(app, key, 'subscription { memoryEvents { __typename } }');
    await feed.next();
    const update = (...argv: string[]) => operate('keys', 'update', apiKey.publicId, ...argv);
    await update('--name', 'reader', '--expires', '2d');
    expect((await rowOf(apiKey.publicId)).slice(5, 9)).toEqual([
      'reader',
      'memories:read,settings',
      '*',
      inHours(48).toISOString(),
    ]);
    expect(await update('--expires', 'never', '--scope', 'settings')).toContain('may settings, and ends: never');
    expect((await feed.next()).value).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(await status(key)).toBe(200);
    await expect(update()).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(update('--expires', '2020-01-01T00:00:00Z')).rejects.toMatchObject({ field: 'expiresAt' });
    const bound = await keyOf({ scopes: ['query'], boundTenant: 'acme' });
    await expect(operate('keys', 'update', bound.apiKey.publicId, '--scope', 'admin')).rejects.toMatchObject({
      field: 'scopes',
    });
    await operate('keys', 'revoke', apiKey.publicId);
    await expect(update('--name', 'again')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    [['create', '--name', 'x', '--scope', 'everything'], 'scopes'],
    [['create', '--name', 'x', '--expires', 'soon'], 'expiresAt'],
    [['rotate', 'nobody'], 'publicId'],
  ])('refuses keys %j', async (argv, field) => {
    await expect(operate('keys', ...argv)).rejects.toMatchObject({ field: expect.stringContaining(field) as string });
  });
});

describe('the log', () => {
  it('names keys by their public ids, and never holds a secret', async () => {
    const lines: string[] = [];
    const journal = pino({ base: null }, { write: (line: string) => lines.push(line) });
    const deps = { ...app.deps, journal };
    const { key, apiKey } = await createApiKey(deps, { name: 'logged', accountId });
    await revokeApiKey(deps, apiKey.publicId);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { msg: 'API key made', publicId: apiKey.publicId, by: 'operator' },
      { msg: 'API key revoked', publicId: apiKey.publicId, by: 'operator' },
    ]);
    expect(lines.join()).not.toContain(key.split('_')[2]);
  });
});
