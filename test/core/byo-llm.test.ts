import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorReply, jsonReply, startOpenAiServer, type OpenAiServer } from '../support/openai-server.js';
import { startApp, type Client, type RestReply, type TestApp } from '../support/start-app.js';
import type {
  WireAnswer,
  WireAudit,
  WireExtracted,
  WireList,
  WireProviderRefusal,
  WireRefusal,
} from '../support/wire.js';

const SECRET = 'sk-caller-0123456789abcdefghijklmnop';
const MESSAGES = [{ role: 'user', content: 'I have a cat called Mog.' }];
const ADD =
  'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { extraction { provider model isByoLlm inputTokens outputTokens } usage { inputTokens outputTokens } memories { audit { extraction { provider model isByoLlm } } } } }';
const QUERY =
  'mutation ($input: QueryInput!) { query(input: $input) { text answeredBy { provider model isByoLlm inputTokens } } }';
const USAGE =
  'query { planStatus { tokenUsage { apiKeyName purpose provider model isByoLlm calls inputTokens outputTokens } } }';

let server: OpenAiServer;
let app: TestApp;
let client: Client;

beforeAll(async () => {
  server = await startOpenAiServer();
  app = await startApp({ env: { PALIMPSEST_LLM_HOSTS: new URL(server.baseUrl).host } });
});
afterAll(async () => {
  await app.close();
  await server.close();
});
beforeEach(async () => {
  client = await app.newClient();
});

const llm = (changes: object = {}) => ({
  provider: 'openai',
  model: 'gpt-test',
  api_key: SECRET,
  base_url: server.baseUrl,
  ...changes,
});
const graphqlLlm = () => ({ provider: 'openai', model: 'gpt-test', apiKey: SECRET, baseUrl: server.baseUrl });
const extracted = () =>
  jsonReply({
    facts: [
      {
        message_index: 0,
        quote: 'I have a cat called Mog',
        text: 'User has a cat called Mog',
        topic: 'Pets',
        importance: 5,
        valid_from: null,
      },
    ],
  });
const write = (choice: unknown, more: object = {}) =>
  client.rest<WireExtracted>('POST', '/agent/memories', { messages: MESSAGES, llm: choice, ...more });
const ask = (choice: unknown) =>
  client.rest<WireAnswer>('POST', '/agent/query', { question: 'Which cat?', llm: choice });

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const { db } = app.deps;
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'`;
  const rows = await Promise.all(
    tables.map(({ name }) => db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM "${name}" t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

describe("a caller's own model", () => {
  it('extracts, and the reply and the audit say so', async () => {
    server.script(extracted());
    const { status, body } = await write(llm());
    expect(status).toBe(200);
    expect(body).toMatchObject({
      extracted: ['User has a cat called Mog'],
      extraction: { provider: 'openai', model: 'gpt-test', byo_llm: true, input_tokens: 10, output_tokens: 5 },
    });
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);
    const audit = await client.rest<WireAudit>('GET', `/memories/${body.memory_ids[0] ?? ''}/audit`);
    expect(audit.body.extraction).toMatchObject({ provider: 'openai', model: 'gpt-test', byo_llm: true });
  });

  it('answers, and the reply says so', async () => {
    await client.rest('POST', '/agent/memories', { content: 'User has a cat called Mog' });
    server.script(jsonReply({ answer: 'The cat is called Mog [mem-1].', is_answered: true }));
    const { status, body } = await ask(llm());
    expect(status).toBe(200);
    expect(body).toMatchObject({ answer: 'The cat is called Mog.', llm: { provider: 'openai', byo_llm: true } });
  });

  it('is chosen the same way over GraphQL', async () => {
    server.script(extracted());
    const added = await client.graphql(ADD, {
      input: { messages: [{ role: 'USER', content: MESSAGES[0]?.content }], llm: graphqlLlm() },
    });
    expect(added.errors).toBeUndefined();
    const byo = { provider: 'openai', model: 'gpt-test', isByoLlm: true };
    expect(added.data).toMatchObject({
      addMemories: {
        extraction: { ...byo, inputTokens: 10, outputTokens: 5 },
        usage: { inputTokens: 10, outputTokens: 5 },
        memories: [{ audit: { extraction: byo } }],
      },
    });
    server.script(jsonReply({ answer: 'Mog [mem-1].', is_answered: true }));
    const answered = await client.graphql(QUERY, { input: { question: 'Which cat?', llm: graphqlLlm() } });
    expect(answered.data).toMatchObject({ query: { text: 'Mog.', answeredBy: { ...byo, inputTokens: 10 } } });
  });

  it.each([
    ['the older spellings', () => llm({ api_key: undefined, key: SECRET, extra: { api_version: '2024-10-21' } })],
    ['a provider in capitals', () => llm({ provider: 'OpenAI' })],
  ])('takes %s', async (_name, choice) => {
    server.script(extracted());
    expect((await write(choice())).status).toBe(200);
    expect(server.requests).toHaveLength(1);
  });

  it('is not asked whether a fact replaces another: that stays with the server', async () => {
    await client.rest('POST', '/agent/memories', { content: 'User has a dog called Rex' });
    server.script(extracted());
    const { body } = await write(llm(), { auto_supersede: true });
    expect(body.auto_supersede[0]).toMatchObject({ ran: true, candidates_examined: 1 });
    expect(server.requests).toHaveLength(1);
  });

  it('is counted by key, apart from the models of the server', async () => {
    server.script(extracted());
    await write(llm());
    await client.rest('POST', '/agent/memories', { messages: MESSAGES, session_id: 'offline' });
    server.script(jsonReply({ answer: 'Mog [mem-1].', is_answered: true }));
    await ask(llm());
    await ask(llm());
    const { data } = await client.graphql<{ planStatus: { tokenUsage: object[] } }>(USAGE);
    const row = { apiKeyName: 'test', provider: 'openai', model: 'gpt-test', isByoLlm: true };
    expect(data.planStatus.tokenUsage).toEqual([
      { ...row, purpose: 'ANSWER', calls: 2, inputTokens: 20, outputTokens: 10 },
      { ...row, purpose: 'EXTRACTION', calls: 1, inputTokens: 10, outputTokens: 5 },
    ]);
  });

  it('leaves its key nowhere: not in a reply, not in a row, not in a stored reply to an idempotency key', async () => {
    server.script(extracted());
    const headers = { 'idempotency-key': 'once' };
    const first = await client.rest<WireExtracted>(
      'POST',
      '/agent/memories',
      { messages: MESSAGES, llm: llm() },
      headers,
    );
    const again = await client.rest<WireExtracted>(
      'POST',
      '/agent/memories',
      { messages: MESSAGES, llm: llm() },
      headers,
    );
    expect(again.body).toEqual(first.body);
    expect(server.requests).toHaveLength(1);
    await ask(llm());
    expect(JSON.stringify([first.body, (await client.rest<WireList>('GET', '/agent/memories')).body])).not.toContain(
      SECRET,
    );
    const rows = await dump();
    expect(rows).toContain('User has a cat called Mog');
    expect(rows).not.toContain(SECRET);
  });
});

describe('what is wrong with a choice', () => {
  it.each([
    ['an unknown provider', { provider: 'skynet' }, 'llm.provider'],
    ['no model', { model: undefined }, 'llm.model'],
    ['no key', { api_key: undefined }, 'llm.api_key'],
    ['Azure without its endpoint', { provider: 'azure', base_url: undefined }, 'llm.base_url'],
    ['plain http', { base_url: 'http://api.example.com/v1' }, 'llm.base_url'],
    ['an internal address', { base_url: 'https://169.254.169.254/v1' }, 'llm.base_url'],
    ['another port of the allowed host', { base_url: 'http://127.0.0.1:1/v1' }, 'llm.base_url'],
    ['a key with a line break', { api_key: 'sk-a\nb' }, 'llm.api_key'],
  ])('%s is 400 and named, and nothing is called or stored', async (_name, changes, field) => {
    server.script(extracted());
    for (const call of [write, ask]) {
      if (call === ask) await client.rest('POST', '/agent/memories', { content: 'A fact to ask about' });
      const { status, body } = (await call(llm(changes))) as RestReply as RestReply<WireRefusal>;
      expect(body).toMatchObject({ code: 'INVALID_INPUT', field });
      expect(status).toBe(400);
      expect(typeof body.detail).toBe('string');
      expect(JSON.stringify(body)).not.toContain(SECRET);
    }
    expect(server.requests).toHaveLength(0);
    expect((await client.rest<WireList>('GET', '/agent/memories')).body.count).toBe(1);
  });

  it('is told over GraphQL with the same code and field', async () => {
    const input = { content: 'x', llm: { ...graphqlLlm(), provider: 'skynet' } };
    const { errors } = await client.graphql(ADD, { input });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'llm.provider' });
  });
});

describe('what the provider refuses', () => {
  const unauthorised = () =>
    errorReply(401, `Incorrect API key provided: ${SECRET}. You can find your key in your account.`, {
      code: 'invalid_api_key',
    });

  it.each([
    ['the key', unauthorised, 401, 'LLM_KEY_REFUSED'],
    [
      'the model',
      () => errorReply(404, 'The model does not exist', { code: 'model_not_found' }),
      422,
      'LLM_MODEL_REFUSED',
    ],
    ['the pace', () => errorReply(429, 'Slow down', { type: 'rate_limit_error' }), 429, 'LLM_RATE_LIMITED'],
    ['everything, being down', () => errorReply(503, 'overloaded'), 502, 'UPSTREAM_FAILED'],
  ])('%s: is passed on in the form that the published SDK reads', async (_name, reply, status, code) => {
    await client.rest('POST', '/agent/memories', { content: 'User has a cat called Mog' });
    for (const call of [write, ask]) {
      server.script(reply());
      const result = await call(llm());
      expect(result).toMatchObject({
        status,
        body: {
          code,
          detail: { error: 'llm_provider_error', provider: 'openai', message: expect.any(String) as string },
        },
      });
      expect(JSON.stringify(result.body)).not.toContain(SECRET);
    }
    expect((await client.rest<WireList>('GET', '/agent/memories')).body.count).toBe(1);
  });

  it("passes the provider's own words on, without the key", async () => {
    server.script(unauthorised());
    expect(((await write(llm())).body as unknown as WireProviderRefusal).detail.message).toContain(
      'Incorrect API key provided',
    );
  });

  it('has the same code over GraphQL, with the provider, and never falls back to the server', async () => {
    server.script(unauthorised());
    const { errors } = await client.graphql(ADD, {
      input: { messages: [{ role: 'USER', content: MESSAGES[0]?.content }], llm: graphqlLlm() },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'LLM_KEY_REFUSED', provider: 'openai' });
    expect((await client.rest<WireList>('GET', '/agent/memories')).body.count).toBe(0);
  });

  it('is 502 when nobody listens', async () => {
    const gone = await startOpenAiServer();
    const { host } = new URL(gone.baseUrl);
    await gone.close();
    const other = await startApp({ env: { PALIMPSEST_LLM_HOSTS: host } });
    const who = await other.newClient();
    const { status, body } = await who.rest<WireRefusal>('POST', '/agent/memories', {
      messages: MESSAGES,
      llm: llm({ base_url: gone.baseUrl }),
    });
    expect({ status, code: body.code }).toEqual({ status: 502, code: 'UPSTREAM_FAILED' });
    await other.close();
  });
});
