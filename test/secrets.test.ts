import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, inject, it, vi } from 'vitest';
import { createApp, type App } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { createAccount, createApiKey } from '../src/core/accounts.js';
import { AppError } from '../src/errors.js';
import { createLogger } from '../src/logger.js';
import { loggedError } from '../src/logged-error.js';
import { redact, secretsIn } from '../src/redact.js';
import { findInFiles } from './support/data-files.js';
import { startModelServer, type ModelServer } from './support/model-server.js';
import { callGraphql, callRest } from './support/start-app.js';

const ROOT = path.join(import.meta.dirname, '..');
const KEY = /aurra_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/g;
/** What no line may hold. Made of pieces, so that this file holds none that looks real. */
const MARK = 'zqsecret';
const piece = (name: string): string => `${MARK}${name}0123456789abcdef`;
const ANTHROPIC = `sk-ant-${piece('anthropic')}`;
const EMBEDDING = piece('embedding');
const RERANKER = piece('reranker');
const BYO = `sk-${piece('byo')}`;
const PASSWORD = piece('password');
const TEXT = piece('text');

const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-secrets-'));
const servers: ModelServer<unknown>[] = [];
const apps: App[] = [];

afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await Promise.all(servers.map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** A provider that refuses every call, and quotes all that it was sent: key, prompt and all. */
async function startQuotingServer(status: number): Promise<ModelServer<unknown>> {
  const server = await startModelServer<unknown>();
  server.script(({ headers, raw }) => ({
    status,
    body: { error: { message: `refused: ${JSON.stringify(headers)} ${raw}`, type: `bad ${TEXT}`, code: `x ${TEXT}` } },
    headers: { 'retry-after-ms': '1' },
  }));
  servers.push(server);
  return server;
}

/** Calls of every kind that may go wrong, with secrets in whatever may be quoted. Gives all that was answered. */
async function drive(fetch: (request: Request) => Promise<Response>, origin: string, key: string, byo: string) {
  const replies: string[] = [];
  const ask = async (method: string, target: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(
      new Request(`${origin}${target}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
    replies.push(await response.text());
    return response.status;
  };
  const llm = { provider: 'openai', model: 'gpt-test', api_key: BYO, base_url: byo };
  const messages = [{ role: 'user', content: `I live in ${TEXT}. My key is ${ANTHROPIC}.` }];
  const statuses = [
    await ask('POST', '/agent/memories', { messages }),
    await ask('POST', '/agent/memories', { messages, llm }),
    await ask('POST', '/agent/memories', { messages, llm: { ...llm, api_key: `${BYO}\nx` } }),
    await ask('POST', '/agent/memories', { messages: [{ role: TEXT, content: 5 }] }),
    await ask('POST', '/agent/memories', `{"content": "${TEXT}`),
    await ask('POST', '/agent/memories', { content: `${TEXT}\u0000` }),
    await ask('POST', '/agent/memories', { content: TEXT, supersedes: TEXT }),
    await ask('POST', '/agent/query', { question: `Where is ${TEXT}?`, llm }),
    await ask('POST', '/agent/query', { question: `Where is ${TEXT}?` }),
    await ask('GET', `/agent/memories?state=${TEXT}&text=${TEXT}`),
    await ask('GET', `/memories/${TEXT}`),
    await ask('GET', `/agent/memories?as_of=${TEXT}`),
    await ask('PATCH', '/agent/settings', { classifier_model: 5, min_confidence: TEXT }),
    await ask('GET', '/agent/memories', undefined, { authorization: `Bearer ${key.slice(0, -1)}x` }),
    await ask('GET', '/agent/memories', undefined, { authorization: `Basic ${key}` }),
    await ask('POST', '/graphql', { query: `{ memories(filter: { tenantId: "${TEXT}" ` }),
    await ask('POST', '/graphql', { query: `query ($a: Int) { planStatus { tier } }`, variables: { a: TEXT } }),
    await ask('POST', '/graphql', {
      query: 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }',
      variables: { input: { messages: [{ role: 'user', content: TEXT }], importance: TEXT } },
    }),
    await ask('POST', '/graphql', {
      query: 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }',
      variables: {
        input: { name: 'x', url: `http://user:${PASSWORD}@10.0.0.1/${TEXT}`, document: `subscription { ${TEXT} }` },
      },
    }),
    await ask('POST', '/agent/memories/import', `${JSON.stringify({ content: 5, x: TEXT })}\n${TEXT}\n`, {
      'content-type': 'application/x-ndjson',
    }),
  ];
  return { replies, statuses };
}

/** What a caller is told never holds a key; of a memory's text nothing that it did not ask for. */
const SECRETS = [ANTHROPIC, EMBEDDING, RERANKER, BYO, PASSWORD];

describe('a server process', () => {
  it(
    'prints no key, no password and no text of a memory, at whatever level; files hold keys as hashes alone',
    { timeout: 180_000 },
    async () => {
      const [provider, byo] = await Promise.all([startQuotingServer(400), startQuotingServer(401)]);
      const dataDir = path.join(folder, 'data');
      const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'start'], {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'],
          PORT: '0',
          PALIMPSEST_DATA_DIR: dataDir,
          PALIMPSEST_LOG_LEVEL: 'debug',
          ANTHROPIC_API_KEY: ANTHROPIC,
          ANTHROPIC_BASE_URL: provider.origin,
          RERANKER_BASE_URL: provider.origin,
          RERANKER_API_KEY: RERANKER,
          PALIMPSEST_LLM_HOSTS: '127.0.0.1',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
      const ended = once(child, 'close');
      await vi.waitUntil(() => /"session_id"/.test(printed) || child.exitCode !== null, { timeout: 110_000 });
      const [, url = ''] = /ready at (http:\S+) /.exec(printed) ?? [];
      const [key = ''] = printed.match(KEY) ?? [];
      // Shown once, as it must be: what is looked at is everything after.
      const shown = printed.length;
      const direct = await fetch(`${url}/agent/memories`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: `Likes ${TEXT}.` }),
      });
      expect(direct.status).toBe(200);
      const { replies, statuses } = await drive((request) => fetch(request), url, key, byo.origin);
      expect(new Set(statuses)).toEqual(new Set([200, 400, 401, 422, 502]));
      child.kill('SIGTERM');
      await ended;

      const logged = printed.slice(shown);
      expect(logged).toContain('"msg":"answered"');
      expect(logged).not.toContain(MARK);
      expect(logged).not.toMatch(KEY);
      const told = replies.join('\n');
      for (const secret of [...SECRETS, key]) expect(told).not.toContain(secret);
      const files = [key.slice(19), EMBEDDING, RERANKER, BYO, PASSWORD];
      for (const secret of files) expect(findInFiles(dataDir, secret, [secret])).toEqual(new Map());
      expect(findInFiles(dataDir, MARK, [TEXT]).size).toBe(1);
    },
  );

  it('does not print the password of a database that it can not reach', { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'start'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], PORT: '0', DATABASE_URL: `postgresql://user:${PASSWORD}@127.0.0.1:1/x` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(printed).toMatch(/^palimpsest: /m);
    expect(printed).not.toContain(PASSWORD);
  });
});

describe('a handler that crashes', () => {
  it('is logged by type and place, and answered without a word of it', async () => {
    const lines: string[] = [];
    const config = readConfig({
      PORT: '0',
      PALIMPSEST_DATA_DIR: 'memory://',
      ANTHROPIC_API_KEY: ANTHROPIC,
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
    });
    const destination = { write: (line: string) => void lines.push(line) };
    const app = await createApp(config, createLogger('debug', { secrets: secretsIn(config), destination }), {
      snapshot: inject('snapshot'),
      otherwise: 'SYSTEM',
    });
    apps.push(app);
    const { id } = await createAccount(app.deps, { name: 'test' });
    const { key } = await createApiKey(app.deps, { name: 'test', accountId: id });
    const authorization = `Bearer ${key}`;
    const misused: object = { where: { name: { [TEXT]: TEXT } } };
    const failures = [
      // A database that quotes the row, a driver that quotes the arguments, a parser that quotes the text, and a thrown text.
      () => app.deps.db.$executeRaw`SELECT ${TEXT}::text::jsonb`,
      () => app.deps.db.$executeRaw`SELECT to_tsquery('english', ${`${TEXT} & & x`})`,
      () => app.deps.db.account.findMany(misused),
      () => Promise.resolve().then((): unknown => JSON.parse(`{"a": ${TEXT}`)),
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a library may do
      () => Promise.reject(TEXT),
      () => Promise.reject(Object.assign(new Error(`with ${ANTHROPIC}`), { request: { body: TEXT, key: ANTHROPIC } })),
    ];
    const replies: string[] = [];
    for (const fail of failures) {
      const spy = vi.spyOn(app.deps.embedder, 'embed').mockImplementation(() => fail() as never);
      const rest = await callRest(app, 'POST', '/agent/memories', { content: `Likes ${TEXT}.` }, { authorization });
      const graphql = await callGraphql(
        app,
        { authorization },
        {
          query: 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }',
          variables: { input: { content: `Likes ${TEXT}.` } },
        },
      );
      expect(rest).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
      expect(graphql.errors?.[0]?.extensions.code).toBe('INTERNAL');
      replies.push(JSON.stringify([rest.body, graphql]));
      spy.mockRestore();
    }
    const bugs = lines.filter((line) => line.includes('"a bug"'));
    expect(bugs).toHaveLength(2 * failures.length);
    expect(bugs.join('')).toMatch(/"originalCode":"22P02"/);
    expect(bugs.join('')).toMatch(/"stack":\["at /);
    for (const line of [...lines, ...replies]) {
      expect(line).not.toContain(MARK);
      expect(line).not.toContain(key);
    }
  });
});

describe('loggedError', () => {
  it('keeps what an operator needs: type, code, place and causes', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    const logged = loggedError(
      new AppError('UPSTREAM_FAILED', 'The model gave an unusable reply.', { cause: refused }),
    );
    expect(logged).toMatchObject({
      type: 'AppError',
      message: 'The model gave an unusable reply.',
      code: 'UPSTREAM_FAILED',
      cause: { type: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:1', code: 'ECONNREFUSED', syscall: 'connect' },
    });
    expect(logged.stack?.[0]).toMatch(/^at .*secrets\.test\.ts/);
    const loop = new Error('round');
    loop.cause = loop;
    expect(JSON.stringify(loggedError(loop)).split('"round"').length).toBeLessThan(10);
    const missing = {
      name: 'error',
      severity: 'ERROR',
      code: '42P01',
      message: 'relation "x" does not exist',
      detail: TEXT,
    };
    expect(loggedError(missing)).toEqual({ type: 'error', message: missing.message, code: '42P01', severity: 'ERROR' });
  });
});

describe('redact', () => {
  it.each([
    [
      'a key of ours, but for its public id',
      `aurra_${'a'.repeat(12)}_${'b'.repeat(38)}`,
      `aurra_${'a'.repeat(12)}_[redacted]`,
    ],
    ["a provider's key", `key ${ANTHROPIC}, and`, 'key [redacted], and'],
    ['a header', `"authorization":"Bearer ${'x'.repeat(20)}"`, '"authorization":"Bearer [redacted]"'],
    ['a password in a URL', `at postgresql://me:${'p'.repeat(9)}@host/db`, 'at postgresql://me:[redacted]@host/db'],
    ['a webhook secret', `whsec_${'A'.repeat(32)}=`, '[redacted]'],
    [
      'nothing else',
      'task-force, sk-1 and http://127.0.0.1:8080/a@b',
      'task-force, sk-1 and http://127.0.0.1:8080/a@b',
    ],
  ])('hides %s', (_name, line, shown) => {
    expect(redact(line)).toBe(shown);
  });

  it('hides every secret of the settings, however it is written', () => {
    const config = readConfig({
      DATABASE_URL: 'postgresql://me:pa%22ss%2Fword@host/db',
      ANTHROPIC_API_KEY: 'plain-anthropic-key',
    });
    const line = JSON.stringify({ a: 'pa"ss/word', b: 'pa%22ss%2Fword', c: 'plain-anthropic-key', d: 'password' });
    expect(redact(line, secretsIn(config))).toBe('{"a":"[redacted]","b":"[redacted]","c":"[redacted]","d":"password"}');
  });
});
