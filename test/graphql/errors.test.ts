import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createApiKey, createFirstApiKey } from '../../src/core/accounts.js';
import { callGraphql, startApp, type Client, type TestApp } from '../support/start-app.js';

const MASKED = 'Something went wrong on our side.';

describe('a bug', () => {
  let app: App;
  let key: string;
  let log: { level: number; msg: string; err?: { stack?: string } }[];

  /** An app to break, with a log to read. */
  beforeAll(async () => {
    log = [];
    const sink = new Writable({
      write: (line: Buffer, _encoding, done) => {
        log.push(JSON.parse(line.toString()) as (typeof log)[number]);
        done();
      },
    });
    const config = readConfig({ PALIMPSEST_DATA_DIR: 'memory://' });
    app = await createApp(config, pino({}, sink), { snapshot: inject('snapshot'), otherwise: 'SYSTEM' });
    key = (await createFirstApiKey(app.deps))?.key ?? '';
  });
  afterEach(async () => {
    await app.deps.db.$executeRaw`ALTER TABLE IF EXISTS chains_away RENAME TO chains`;
    log.length = 0;
  });
  afterAll(() => app.close());

  const run = (query: string) => callGraphql(app, { authorization: `Bearer ${key}` }, { query });
  const breakChains = () => app.deps.db.$executeRaw`ALTER TABLE chains RENAME TO chains_away`;
  const remember = (content: string) => run(`mutation { addMemories(input: { content: "${content}" }) { cursor } }`);

  it('inside a resolver answers INTERNAL with none of its text, and is logged once with its stack', async () => {
    await remember('The vault opens at seven');
    await breakChains();
    const reply = await run('{ memories { nodes { text timeline { id } } } }');
    expect(reply).toEqual({
      status: 200,
      data: null,
      errors: [
        { message: MASKED, locations: [expect.anything()], path: ['memories'], extensions: { code: 'INTERNAL' } },
      ],
    });
    expect(JSON.stringify(reply)).not.toMatch(/chains|prisma|vault|SELECT/i);
    expect(log).toMatchObject([
      { level: 50, msg: 'a bug', err: { stack: expect.stringContaining('chains') as string } },
    ]);
  });

  it('logs neither the key nor the text of a memory', async () => {
    await breakChains();
    await remember('The vault opens at eight');
    expect(log.length).toBe(1);
    expect(JSON.stringify(log)).not.toContain('vault');
    expect(JSON.stringify(log)).not.toContain(key);
  });

  it('leaves the fields beside it alone', async () => {
    await breakChains();
    const { status, data, errors } = await run('{ planStatus { tier } settings { minConfidence } }');
    expect({ status, data, errors }).toMatchObject({ status: 200, data: { planStatus: {}, settings: {} } });
    expect(errors).toBeUndefined();
  });

  it('that is over leaves no trace: the embedded database answers again', async () => {
    await breakChains();
    for (let i = 0; i < 3; i++) {
      expect((await run('{ memories { nodes { timeline { id } } } }')).errors).toMatchObject([
        { path: ['memories'], extensions: { code: 'INTERNAL' } },
      ]);
    }
    await app.deps.db.$executeRaw`ALTER TABLE chains_away RENAME TO chains`;
    const { errors } = await run('{ memories { nodes { timeline { id } } } }');
    expect(errors).toBeUndefined();
    expect((await app.fetch(new Request('http://palimpsest/ready'))).status).toBe(200);
  });

  it('while the key is looked up is 500, masked too', async () => {
    const { key: unseen } = await createApiKey(app.deps, { name: 'unseen' }); // nothing is known of it from a moment ago
    log.length = 0;
    await app.deps.db.$executeRaw`ALTER TABLE api_keys RENAME TO api_keys_away`;
    const reply = await callGraphql(app, { authorization: `Bearer ${unseen}` }, { query: '{ planStatus { tier } }' });
    await app.deps.db.$executeRaw`ALTER TABLE api_keys_away RENAME TO api_keys`;
    expect(reply).toEqual({ status: 500, errors: [{ message: MASKED, extensions: { code: 'INTERNAL' } }] });
    expect(log.length).toBe(1);
  });
});

describe('a request', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    app = await startApp();
    client = await app.newClient();
  });
  afterAll(() => app.close());

  const send = (body: unknown, headers = { authorization: `Bearer ${client.key}` }) => callGraphql(app, headers, body);

  it.each([
    ['no key', {}],
    ['a malformed key', { authorization: 'Bearer aurra_nonsense' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
  ])('with %s is 401 before anything of it is parsed', async (_what, headers) => {
    for (const body of ['{ this is not json', { query: '{ nonsense' }, { query: '{ planStatus { tier } }' }]) {
      const reply = await callGraphql(app, headers, body);
      expect(reply).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
  });

  it('by GET without a key is 401', async () => {
    const response = await app.fetch(new Request('http://palimpsest/graphql?query={planStatus{tier}}'));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('by GET runs a query, and no mutation', async () => {
    const get = (query: string) =>
      app.fetch(
        new Request(`http://palimpsest/graphql?query=${encodeURIComponent(query)}`, {
          headers: { authorization: `Bearer ${client.key}` },
        }),
      );
    expect(await (await get('{ planStatus { tier } }')).json()).toEqual({ data: { planStatus: { tier: 'pro' } } });
    const refused = await get('mutation { addMemories(input: { content: "x" }) { cursor } }');
    expect(refused.status).toBe(405);
  });

  it('with a variable of the wrong type says so, however long its value is', { timeout: 20_000 }, async () => {
    for (const unit of ['a', 'must be ', ' at "aaaa', 'a cannot represent ']) {
      const first = unit.repeat(500_000 / unit.length);
      const query = 'query ($first: Int) { memories(first: $first) { nodes { id } } }';
      const { errors } = await send({ query, variables: { first } });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'first' });
      expect(errors?.[0]?.message.length).toBeLessThan(400);
    }
  });

  it('whose body is no JSON is 400 INVALID_JSON', async () => {
    expect(await send('{ this is not json')).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'INVALID_JSON' } }],
    });
  });

  it('with a syntax error is GRAPHQL_PARSE_FAILED and says where', async () => {
    const { errors } = await send({ query: '{ memories {' });
    expect(errors).toMatchObject([{ locations: [{ line: 1 }], extensions: { code: 'GRAPHQL_PARSE_FAILED' } }]);
  });

  it('for an unknown field says so and names it', async () => {
    const { errors } = await send({ query: '{ memories { nonsense } }' });
    expect(errors?.[0]?.message).toContain('nonsense');
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  });

  it('of which one field fails keeps status 200 and its other fields', async () => {
    const { status, data, errors } = await send({
      query: '{ planStatus { tier } memory(id: "3f1d4ac2-6b1a-4a57-9a86-0d4e8f6f9f10") { text } }',
    });
    expect(status).toBe(200);
    expect(data).toEqual({ planStatus: { tier: 'pro' }, memory: null });
    expect(errors).toMatchObject([{ path: ['memory'], extensions: { code: 'NOT_FOUND' } }]);
  });

  it.each([
    ['a text that is blank', { content: ' ' }, 'content'],
    ['both modes at once', { content: 'x', messages: [{ role: 'USER', content: 'y' }] }, 'content'],
    ['a value of the wrong type', { content: 7 }, 'content'],
  ])('with %s is INVALID_INPUT with the field', async (_what, input, field) => {
    const { errors } = await client.graphql(
      'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }',
      { input },
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field });
  });
});

describe("GraphiQL's page", () => {
  const visit = (app: App) =>
    app.fetch(new Request('http://palimpsest/graphql', { headers: { accept: 'text/html,application/xhtml+xml' } }));

  it('is there in development, without a key', async () => {
    const app = await startApp({ env: { NODE_ENV: 'development' } });
    const response = await visit(app);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await response.text()).toContain('Palimpsest');
    await app.close();
  });

  it('runs nothing: a query beside it needs a key', async () => {
    const app = await startApp({ env: { NODE_ENV: 'development' } });
    const response = await app.fetch(
      new Request('http://palimpsest/graphql?query={planStatus{tier}}', { headers: { accept: 'text/html' } }),
    );
    expect(response.status).toBe(401);
    await app.close();
  });

  it('is not there in production', async () => {
    const app = await startApp({ env: { NODE_ENV: 'production' } });
    const response = await visit(app);
    expect([401, 404]).toContain(response.status);
    expect(await response.text()).not.toMatch(/<html/i);
    await app.close();
  });
});
