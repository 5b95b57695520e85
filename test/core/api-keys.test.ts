import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, createApiKey, createFirstApiKey, listApiKeys, revokeApiKey } from '../../src/core/accounts.js';
import { authenticate } from '../../src/core/authenticate.js';
import { createApiKeyText, parseApiKey } from '../../src/core/rules/api-key.js';
import type { AppError } from '../../src/errors.js';
import { callRest, startApp, type TestApp } from '../support/start-app.js';
import type { WireList } from '../support/wire.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const status = async (key: string): Promise<number> =>
  (await callRest(app, 'GET', '/plan/status', undefined, { authorization: `Bearer ${key}` })).status;

describe('the text of a key', () => {
  const FORMAT = /^aurra_[0-9A-Za-z]{12}_([0-9A-Za-z]{32})[0-9A-Za-z]{6}$/;

  it('begins as documented, and holds a secret of at least 190 bits', () => {
    const [, secret = ''] = FORMAT.exec(createApiKeyText()) ?? [];
    expect(secret.length * Math.log2(62)).toBeGreaterThan(190);
  });

  it('draws every character of the alphabet, and never the same key twice', () => {
    const keys = Array.from({ length: 500 }, createApiKeyText);
    const secrets = keys.map((key) => FORMAT.exec(key)?.[1] ?? '');
    expect(new Set(secrets).size).toBe(keys.length);
    expect(new Set(secrets.join('')).size).toBe(62);
  });

  it('parses, and gives the SHA-256 of the whole', () => {
    const key = createApiKeyText();
    const parts = parseApiKey(key);
    expect(parts?.publicId).toBe(key.split('_')[1]);
    expect(Buffer.from(parts?.secretHash ?? []).toString('hex')).toBe(createHash('sha256').update(key).digest('hex'));
  });

  it('does not parse with any one character changed', () => {
    const key = createApiKeyText();
    for (let at = 0; at < key.length; at++) {
      const changed = `${key.slice(0, at)}${key[at] === 'x' ? 'y' : 'x'}${key.slice(at + 1)}`;
      expect(parseApiKey(changed), `character ${at}`).toBeNull();
    }
  });
});

describe('authentication', () => {
  it.each([
    'garbage',
    'aurra_',
    `aurra_${'a'.repeat(12)}_${'b'.repeat(38)}`,
    `aurra_${"'".repeat(12)}_${'b'.repeat(38)}`,
    'a'.repeat(100_000),
    '\u0000',
  ])('refuses garbage without asking the database: case %#', async (key) => {
    const statements = await app.statementsOf(async () => {
      await expect(authenticate(app.deps, `Bearer ${key}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });
    expect(statements).toEqual([]);
  });

  it('takes one SQL statement for a key that exists, however many requests come with it at once', async () => {
    const account = await createAccount(app.deps, { name: 'busy' });
    const { key } = await createApiKey(app.deps, { name: 'busy', accountId: account.id });
    const many = () => Promise.all(Array.from({ length: 50 }, () => authenticate(app.deps, `Bearer ${key}`)));
    const isOurs = (sql: string) => /FROM api_keys k JOIN/.test(sql);
    expect(await app.statementsOf(many, isOurs)).toHaveLength(1);
  });

  it('refuses a key of the right form that was never made', async () => {
    expect(await status(createApiKeyText())).toBe(401);
  });

  it('refuses a key that has the public id of another', async () => {
    const { key } = await app.newClient();
    const [, publicId = ''] = key.split('_');
    await app.deps.db.apiKey.update({ where: { publicId }, data: { secretHash: new Uint8Array(32) } });
    await expect.poll(() => status(key)).toBe(401); // once it is not known any more from a moment ago
  });

  it('stops for a revoked key at once, and goes on for the others', async () => {
    const revoked = await app.newClient();
    const sibling = await app.newClient({ accountId: revoked.caller.accountId });
    expect(await status(revoked.key)).toBe(200);
    await revokeApiKey(app.deps, revoked.key.split('_')[1] ?? '');
    expect(await status(revoked.key)).toBe(401);
    expect(await status(sibling.key)).toBe(200);
  });

  it('says the same of a key that is malformed, unknown or revoked', async () => {
    const revoked = await app.newClient();
    await revokeApiKey(app.deps, revoked.key.split('_')[1] ?? '');
    const refusals = await Promise.all(
      ['garbage', createApiKeyText(), revoked.key].map((key) =>
        authenticate(app.deps, `Bearer ${key}`).catch((error: unknown) => error),
      ),
    );
    expect(new Set(refusals.map((error) => (error as AppError).message))).toEqual(new Set(['Invalid API key']));
  });
});

describe('the database', () => {
  it('holds the hash of a key, and nowhere its secret', async () => {
    const { key } = await app.newClient();
    const secret = key.split('_')[2] ?? '';
    const rows = await app.deps.db.$queryRaw<{ row: string; hash: string }[]>`
      SELECT k::text AS row, encode(secret_hash, 'hex') AS hash FROM api_keys k WHERE public_id = ${key.split('_')[1]}`;
    expect(rows).toHaveLength(1);
    expect(rows[0]?.hash).toBe(createHash('sha256').update(key).digest('hex'));
    expect(rows[0]?.row).not.toContain(secret.slice(0, 8));
  });
});

describe('two keys of one account', () => {
  it('see the same memories, and each has settings of its own', async () => {
    const first = await app.newClient();
    const second = await app.newClient({ accountId: first.caller.accountId });
    await first.rest('POST', '/agent/memories', { content: 'Written with the first key.' });
    await second.rest('POST', '/agent/memories', { content: 'Written with the second key.' });
    const lists = await Promise.all([first, second].map((client) => client.rest<WireList>('GET', '/agent/memories')));
    expect(lists[0]?.body.memories.map(({ id }) => id)).toEqual(lists[1]?.body.memories.map(({ id }) => id));
    expect(lists[0]?.body.count).toBe(2);

    await first.rest('PATCH', '/agent/settings', { min_confidence: 0.5 });
    const settings = await second.rest<{ min_confidence: number }>('GET', '/agent/settings');
    expect(settings.body.min_confidence).toBe(0.85);
  });
});

describe('making keys', () => {
  it('needs the account to be named where there are several', async () => {
    await createAccount(app.deps, { name: 'one' });
    await createAccount(app.deps, { name: 'two' });
    await expect(createApiKey(app.deps, { name: 'laptop' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'accountId',
    });
  });

  it.each([
    [{ name: 'x', accountId: '00000000-0000-4000-8000-000000000000' }, 'NOT_FOUND', 'accountId'],
    [{ name: 'x', accountId: 'mine' }, 'INVALID_INPUT', 'accountId'],
    [{ name: ' ' }, 'INVALID_INPUT', 'name'],
    [{}, 'INVALID_INPUT', 'name'],
  ])('refuses %j', async (input, code, field) => {
    await expect(createApiKey(app.deps, input)).rejects.toMatchObject({ code, field });
  });

  it('lists names, states and public ids, never a secret', async () => {
    const account = await createAccount(app.deps, { name: 'listed' });
    const made = await createApiKey(app.deps, { name: 'laptop', accountId: account.id });
    await createApiKey(app.deps, { name: 'phone', accountId: account.id });
    await revokeApiKey(app.deps, made.apiKey.publicId);
    const keys = await listApiKeys(app.deps, account.id);
    expect(keys.map(({ name, revokedAt }) => [name, revokedAt !== null])).toEqual([
      ['laptop', true],
      ['phone', false],
    ]);
    expect(inspect(keys, { depth: 5 })).not.toContain(made.key.split('_')[2]);
  });

  it('revokes a key once', async () => {
    const { key } = await app.newClient();
    const publicId = key.split('_')[1] ?? '';
    await revokeApiKey(app.deps, publicId);
    await expect(revokeApiKey(app.deps, publicId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(revokeApiKey(app.deps, 'nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('makes a first key only where there is no account yet', async () => {
    await createAccount(app.deps, { name: 'any' });
    expect(await createFirstApiKey(app.deps)).toBeNull();
  });
});
