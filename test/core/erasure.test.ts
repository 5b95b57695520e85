import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { runOperatorCommand } from '../../src/operator.js';
import { findInFiles, holdsBytes } from '../support/data-files.js';
import { startModelServer, type ModelServer } from '../support/model-server.js';
import { callGraphql, startApp, type Client, type TestApp } from '../support/start-app.js';
import type { WireList, WireSaved } from '../support/wire.js';

const ERASE = `mutation ($input: EraseSubjectInput!) {
  eraseSubject(input: $input) {
    isDryRun cursor
    counts { memories beliefs chains captures events proposals replies sentences deliveries }
    certificate { id subjectKind subjectHash apiKeyId erasedAt clearedAt document hash cursor counts { memories } }
  }
}`;
const LIST = `query ($subject: SubjectInput, $first: Int, $after: String) {
  erasureCertificates(subject: $subject, first: $first, after: $after) {
    edges { node { id hash clearedAt } } pageInfo { hasNextPage endCursor }
  }
}`;
const CREATE_WEBHOOK = `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }`;
const EVENTS = `subscription {
  memoryEvents { ... on MemoryEvent { cursor kind memory { text topic source sessionId } before { text } cause { reason } } }
}`;

interface Counts {
  memories: number;
  beliefs: number;
  chains: number;
  captures: number;
  events: number;
  proposals: number;
  replies: number;
  sentences: number;
  deliveries: number;
}
interface Erased {
  isDryRun: boolean;
  cursor: string;
  counts: Counts;
  certificate: {
    id: string;
    subjectKind: string;
    subjectHash: string;
    apiKeyId: string | null;
    erasedAt: string;
    clearedAt: string | null;
    document: string;
    hash: string;
    cursor: string;
    counts: { memories: number };
  } | null;
}
interface Listed {
  erasureCertificates: {
    edges: { node: { id: string; hash: string; clearedAt: string | null } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-erasure-'));
/** Of a real server's cluster, which the runner names. */
const dataFolder = inject('testDatabaseUrl') === '' ? folder : process.env['TEST_DATABASE_FOLDER'];
let app: TestApp;
let receiver: ModelServer<unknown>;

beforeAll(async () => {
  receiver = await startModelServer<unknown>();
  receiver.script({ status: 200, body: '' });
  app = await startApp({
    env: {
      PALIMPSEST_WEBHOOK_HOSTS: '127.0.0.1',
      ...(inject('testDatabaseUrl') === '' ? { PALIMPSEST_DATA_DIR: folder } : {}),
    },
  });
});
afterAll(async () => {
  await app.close();
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const MARK = `zq${randomBytes(4).toString('hex')}`;
/** A word that occurs nowhere else, and that no stemmer shortens. */
const word = (): string => `${MARK}${randomBytes(6).toString('hex')}7`;
const zeroes: Counts = {
  memories: 0,
  beliefs: 0,
  chains: 0,
  captures: 0,
  events: 0,
  proposals: 0,
  replies: 0,
  sentences: 0,
  deliveries: 0,
};

async function erase(client: Client, input: object): Promise<Erased> {
  const { data, errors } = await client.graphql<{ eraseSubject: Erased }>(ERASE, { input });
  expect(errors).toBeUndefined();
  return data.eraseSubject;
}

async function listed(client: Client, variables: object = {}): Promise<Listed['erasureCertificates']> {
  const { data, errors } = await client.graphql<Listed>(LIST, variables);
  expect(errors).toBeUndefined();
  return data.erasureCertificates;
}

const operate = (...argv: string[]): Promise<string> => runOperatorCommand(app.deps, argv);
const list = async (client: Client, query: string): Promise<string[]> =>
  (await client.rest<WireList>('GET', `/agent/memories?${query}`)).body.memories.map(({ decision }) => decision);

interface Planted {
  tenant: string;
  session: string;
  /** Every word that must be gone with the tenant. */
  words: string[];
}

/** Fills every place that may hold words of a tenant: each kind of write, question and decision, with words of their own. */
async function plant(client: Client): Promise<Planted> {
  const words: string[] = [];
  const next = (): string => words[words.push(word()) - 1] ?? '';
  const tenant = next();
  const session = next();
  const save = async (body: object, key?: string) => {
    const reply = await client.rest(
      'POST',
      '/agent/memories',
      { tenant_id: tenant, session_id: session, ...body },
      key === undefined ? {} : { 'idempotency-key': key },
    );
    expect(reply.status).toBe(200);
    return reply.body as { memory_id: string };
  };
  const stored = await save({ content: `Prefers ${next()} tea.`, source: next(), topic: next() }, next());
  await save({ messages: [{ role: 'user', content: `I live in Zq${next()} now. ${next()}!` }] }, next());
  await save({ messages: [{ role: 'user', content: `I moved to Xq${next()} last week.` }] });
  await save({ messages: [{ role: 'user', content: `I work at Acme. hmm ${next()} Zoë “${next()}”` }] }, next());
  const later = await save({ content: `Prefers ${next()} coffee.` });
  await client.rest('POST', `/memories/${stored.memory_id}/supersede`, { superseded_by: later.memory_id });
  await client.graphql(`mutation ($input: RevertSupersessionInput!) { revertSupersession(input: $input) { cursor } }`, {
    input: { memoryId: stored.memory_id, reason: next() },
  });
  await client.graphql(`mutation ($input: RetractMemoryInput!) { retractMemory(input: $input) { cursor } }`, {
    input: { memoryId: (await save({ content: `Was never ${next()}.` })).memory_id, reason: next() },
  });
  await client.rest('POST', '/agent/query', {
    question: `Where does the user of ${words.at(-1) ?? ''} live?`,
    tenant_id: tenant,
  });
  const rows = [{ content: `Imported ${next()}.`, session_id: session }, { content: '' }];
  const sent = await app.fetch(
    new Request(`http://palimpsest/agent/memories/import?tenant_id=${tenant}`, {
      method: 'POST',
      body: rows.map((row) => JSON.stringify(row)).join('\n'),
      headers: { authorization: `Bearer ${client.key}`, 'content-type': 'application/x-ndjson' },
    }),
  );
  expect(await sent.text()).toContain('"stored":1');
  return { tenant, session, words };
}

/** All that a feed tells from its beginning to now. */
async function replay(client: Client): Promise<{ seq: number[]; text: string }> {
  const last = (await client.rest<{ cursor: string }>('GET', '/agent/memories?limit=1')).body.cursor;
  const headers = { authorization: `Bearer ${client.key}` };
  const response = await app.fetch(new Request('http://palimpsest/agent/events?after=0', { headers }));
  let text = '';
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    if (text.includes(`id: ${last}\ndata:`)) break;
  }
  return { seq: [...text.matchAll(/^id: (\d+)\ndata:/gm)].map(([, id]) => Number(id)), text };
}

describe('a tenant that is erased', () => {
  // Somebody's own server does not show its files.
  it.skipIf(dataFolder === undefined)(
    'is in no file of the database any more once that is vacuumed; another tenant is as it was',
    { timeout: 120_000 },
    async () => {
      if (dataFolder === undefined) return;
      const client = await app.newClient({ autoSupersede: true });
      await client.rest('PATCH', '/agent/settings', { min_confidence: 1 }); // every verdict becomes a proposal
      await client.graphql(CREATE_WEBHOOK, {
        input: { name: 'all', url: `${receiver.origin}/hook`, document: EVENTS },
      });
      const gone = await plant(client);
      const stays = await plant(client);
      await vi.waitUntil(() => receiver.requests.length > 5, { timeout: 20_000 });
      const before = await replay(client);
      await app.deps.db.$executeRaw`ANALYZE`; // as a server of one's own does by itself: statistics hold common values
      await app.deps.db.$executeRaw`CHECKPOINT`;
      const [vector = Buffer.alloc(0)] = await vectorsOf(gone.tenant);
      const planted = findInFiles(dataFolder, MARK, [...gone.words, ...stays.words]);
      // Each of them was stored somewhere: the search looks where it must.
      expect([...gone.words, ...stays.words].filter((one) => !planted.has(one))).toEqual([]);
      expect(holdsBytes(dataFolder, vector)).toBe(true);

      const tried = await erase(client, { tenantId: gone.tenant, dryRun: true });
      expect(tried).toMatchObject({ isDryRun: true, certificate: null });
      expect(await list(client, `tenant_id=${gone.tenant}`)).not.toEqual([]);
      const { counts, certificate } = await erase(client, { tenantId: gone.tenant });
      expect(counts).toEqual(tried.counts);
      for (const kind of [
        'memories',
        'beliefs',
        'chains',
        'captures',
        'events',
        'proposals',
        'replies',
        'deliveries',
      ] as const) {
        expect(counts[kind], kind).toBeGreaterThan(0);
      }
      expect(certificate).toMatchObject({ subjectKind: 'TENANT', clearedAt: null, apiKeyId: client.caller.apiKeyId });
      expect(await list(client, `tenant_id=${gone.tenant}&state=any`)).toEqual([]);

      // A feed goes on without a gap, and tells nothing of it.
      const after = await replay(client);
      expect(after.seq).toEqual([...before.seq, ...after.seq.slice(before.seq.length)]);
      expect(after.seq).toEqual(after.seq.map((_, i) => i + 1));
      expect(gone.words.filter((one) => after.text.includes(one))).toEqual([]);
      expect(stays.words.filter((one) => after.text.includes(one))).not.toEqual([]);

      expect(await operate('vacuum')).toMatch(/write-ahead log is cleared.*\n.*: [1-9]/);
      const left = findInFiles(dataFolder, MARK, gone.words);
      expect(await namesOf([...new Set(left.values())])).toEqual([]);
      expect(holdsBytes(dataFolder, vector)).toBe(false);
      expect(findInFiles(dataFolder, MARK, [stays.tenant, stays.session]).size).toBe(2);
      expect(await list(client, `tenant_id=${stays.tenant}`)).not.toEqual([]);
      const [{ node } = { node: undefined }] = (await listed(client)).edges;
      expect(node?.id).toBe(certificate?.id);
      expect(node?.clearedAt).not.toBeNull();
    },
  );

  it.skipIf(dataFolder === undefined)(
    'waits for a transaction that began before, though it looks at nothing just now',
    { timeout: 60_000 },
    async () => {
      const { database } = app.deps.config;
      if (database.kind !== 'postgres') return; // the embedded one has one session
      const other = new pg.Client({ connectionString: database.url });
      await other.connect();
      await other.query('BEGIN');
      await other.query('SELECT pg_current_xact_id()');
      let isDone = false;
      const clearing = operate('vacuum').finally(() => (isDone = true));
      await pause(1_000);
      expect(isDone).toBe(false);
      await other.query('COMMIT');
      expect(await clearing).toContain('write-ahead log is cleared');
      await other.end();
    },
  );
});

/** Which tables or indexes files of the data folder are, by their paths in it. */
async function namesOf(files: readonly string[]): Promise<string[]> {
  const names = files.map(async (file) => {
    const number = Number(/^base\/\d+\/(\d+)(?:\.\d+)?$/.exec(file)?.[1]);
    if (Number.isNaN(number)) return file; // not of a table
    const [{ name } = { name: null }] = await app.deps.db.$queryRaw<{ name: string | null }[]>`
      SELECT pg_filenode_relation(0, ${number}::oid)::text AS name`;
    return `${file}: ${name ?? 'nothing that is known'}`;
  });
  return Promise.all(names);
}

/** The first vector of a tenant, as its bytes stand in files. */
async function vectorsOf(tenant: string): Promise<Buffer[]> {
  const rows = await app.deps.db.$queryRaw<{ vector: string }[]>`
    SELECT embedding::text AS vector FROM memories WHERE tenant_id = ${tenant} AND embedding <> '[0]'::vector LIMIT 1`;
  return rows.map(({ vector }) => {
    const values = (JSON.parse(vector) as number[]).slice(0, 16);
    return Buffer.from(new Float32Array(values).buffer);
  });
}

describe('eraseSubject', () => {
  it('does nothing a second time, and gives the certificate of the first', async () => {
    const client = await app.newClient();
    await client.rest('POST', '/agent/memories', { content: 'Likes tea.', tenant_id: 't' });
    const first = await erase(client, { tenantId: 't' });
    const second = await erase(client, { tenantId: 't' });
    expect(second).toMatchObject({ counts: zeroes, certificate: first.certificate, cursor: first.cursor });
    // Something was written since: that is another erasure.
    await client.rest('POST', '/agent/memories', { content: 'Likes tea.', tenant_id: 't' });
    const third = await erase(client, { tenantId: 't' });
    expect(third.counts.memories).toBe(1);
    expect(third.certificate?.id).not.toBe(first.certificate?.id);
    expect(third.certificate?.subjectHash).toBe(first.certificate?.subjectHash);
  });

  it('certifies what anybody can check: the hash is that of the document, and the document names nobody', async () => {
    const client = await app.newClient();
    await client.rest('POST', '/agent/memories', { content: 'Likes tea.', tenant_id: 'alice@example.com' });
    const { certificate } = await erase(client, { tenantId: 'alice@example.com' });
    expect(
      createHash('sha256')
        .update(certificate?.document ?? '')
        .digest('hex'),
    ).toBe(certificate?.hash);
    expect(certificate?.document).not.toContain('alice');
    expect(JSON.parse(certificate?.document ?? '')).toMatchObject({
      certificate: certificate?.id,
      account: client.caller.accountId,
      subjectKind: 'TENANT',
      counts: { memories: 1, captures: 1, chains: 1, events: 1 },
    });
    const nothing = await erase(client, { tenantId: 'nobody' });
    expect(nothing).toMatchObject({ counts: zeroes, certificate: { counts: { memories: 0 } } });
    const ofAlice = await listed(client, { subject: { tenantId: 'alice@example.com' } });
    expect(ofAlice.edges.map(({ node }) => node.id)).toEqual([certificate?.id]);
    const page = await listed(client, { first: 1 });
    expect(page.edges.map(({ node }) => node.id)).toEqual([nothing.certificate?.id]);
    const next = await listed(client, { first: 1, after: page.pageInfo.endCursor });
    expect(next).toMatchObject({ edges: [{ node: { id: certificate?.id } }], pageInfo: { hasNextPage: false } });
  });

  it('erases a session, and of what other sessions hold nothing but what was said of it', async () => {
    const client = await app.newClient({ autoSupersede: true });
    const [secret, other] = [word(), word()];
    const tell = (session_id: string, content: string) =>
      client.rest('POST', '/agent/memories', { session_id, messages: [{ role: 'user', content }] });
    await tell(other, 'I live in Berlin.');
    await tell(secret, 'I moved to Munich. I work at Acme.');
    const [{ id } = { id: '' }] = await app.deps.db.memory.findMany({ where: { sessionId: other } });
    // What a model may say: the reason quotes the newcomer, on an event of the memory that stays.
    const data = { reason: `moved to ${secret}` };
    const quoted = await app.deps.db.memoryEvent.updateMany({ where: { memoryId: id, kind: 'CLASSIFIED' }, data });
    expect(quoted.count).toBe(1);
    const audit = async () => JSON.stringify((await client.rest('GET', `/memories/${id}/audit`)).body);
    expect(await audit()).toContain(secret);

    const { counts } = await erase(client, { sessionId: secret });
    expect(counts).toMatchObject({ memories: 2, captures: 1 });
    expect(await audit()).not.toContain(secret);
    expect(await list(client, 'state=any')).toEqual([expect.stringContaining('Berlin')]);
    expect(await erase(client, { tenantId: 'elsewhere', sessionId: other })).toMatchObject({ counts: zeroes });
    expect((await erase(client, { tenantId: '', sessionId: other })).counts.memories).toBe(1);
  });

  it('tells feeds which ids are gone, and no name', async () => {
    const client = await app.newClient();
    const { body } = await client.rest<WireSaved>('POST', '/agent/memories', {
      content: 'Likes tea.',
      tenant_id: 'told',
    });
    const { certificate } = await erase(client, { tenantId: 'told' });
    const { text } = await replay(client);
    expect(text).toContain(`"memory_ids":["${body.memory_id}"]`);
    expect(text).toContain(`"tenant_id":"erased:${certificate?.id ?? ''}"`);
    expect(text).not.toContain('told');
  });

  it('forgets what is kept in memory of the account', async () => {
    const client = await app.newClient();
    const scope = { accountId: client.caller.accountId, tenantId: 'kept' };
    app.deps.scopeSizes.setLarge(scope, {}, { size: 10_000, seq: 0n, isSparse: false });
    await client.rest('POST', '/agent/memories', { content: 'Likes tea.', tenant_id: 'kept' });
    await erase(client, { tenantId: 'kept' });
    await vi.waitUntil(() => app.deps.scopeSizes.get(scope, {}) === undefined, { timeout: 5_000 });
  });

  it('takes its turn among writers: what came before is erased, what comes after stays', async () => {
    const client = await app.newClient();
    const writes = Array.from({ length: 20 }, async (_, i) => {
      const { body } = await client.rest<{ cursor: string }>('POST', '/agent/memories', {
        content: `Fact ${i}.`,
        tenant_id: 'busy',
      });
      return BigInt(body.cursor);
    });
    const [erasing, ...cursors] = await Promise.all([erase(client, { tenantId: 'busy' }), ...writes]);
    const at = BigInt(erasing.certificate?.cursor ?? 0);
    const later = cursors.filter((cursor) => cursor > at).length;
    expect(erasing.counts.memories).toBe(20 - later);
    expect(await list(client, 'tenant_id=busy&state=any')).toHaveLength(later);
  });

  it('wants a name, and leaves other accounts alone', async () => {
    const [client, stranger] = await Promise.all([app.newClient(), app.newClient()]);
    await stranger.rest('POST', '/agent/memories', { content: 'Likes tea.', tenant_id: 'shared' });
    const refused = await client.graphql(ERASE, { input: { dryRun: true } });
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'tenantId' });
    expect((await erase(client, { tenantId: 'shared' })).counts).toEqual(zeroes);
    expect(await list(stranger, 'tenant_id=shared')).toEqual(['Likes tea.']);
    const nobody = await callGraphql(app, {}, { query: ERASE, variables: { input: { tenantId: 'shared' } } });
    expect(nobody.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('palimpsest erase', () => {
  it('counts first if asked to, erases, and says what is left to do', async () => {
    const client = await app.newClient();
    const { accountId } = client.caller;
    await client.rest('POST', '/agent/memories', { content: 'Likes tea.', session_id: 's' });
    const args = ['erase', '--account', accountId, '--session', 's'];
    expect(await operate(...args, '--dry-run')).toMatch(/^Would be erased:\nmemories\t1\n/);
    expect(await list(client, '')).toHaveLength(1);
    expect(await operate(...args)).toMatch(
      /^Erased:\nmemories\t1\n[\s\S]*Certificate [0-9a-f-]{36} of .*SHA-256 [0-9a-f]{64}\n.*vacuum/,
    );
    expect(await list(client, '')).toEqual([]);
    const [{ node } = { node: undefined }] = (await listed(client)).edges;
    expect(node).toBeDefined();
    await expect(operate('erase', '--account', accountId)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(operate('erase', '--session', 's')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'accountId',
    });
    await expect(
      operate('erase', '--account', '00000000-0000-4000-8000-000000000000', '--session', 's'),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
