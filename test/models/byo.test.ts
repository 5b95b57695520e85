import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CreateByoLlm } from '../../src/models/byo.js';
import { createByoLlms } from '../../src/models/byo.js';
import { cleanWords } from '../../src/models/byo/provider-words.js';
import type { Llm, LlmChoice } from '../../src/models/llm.js';
import * as anthropic from '../support/anthropic-server.js';
import { conversation, everythingOf, fact, failure, pair, question, user, verdict } from '../support/llm-inputs.js';
import type { ScriptedReply } from '../support/model-server.js';
import * as openai from '../support/openai-server.js';

const KEY = 'sk-proj-Zq81xTmB4vLw0nHc92RkYd73';
const SECRET_TEXT = 'User keeps the spare key under the blue pot';

let chat: openai.OpenAiServer;
let claude: anthropic.AnthropicServer;
let createByoLlm: CreateByoLlm;

const settings = (timeoutMs = 5_000) => ({
  hosts: [`127.0.0.1:${chat.port}`, `127.0.0.1:${claude.port}`],
  timeoutMs,
});
/** A choice of each wire format, called on a named host. */
const choose = (overrides: Partial<LlmChoice> = {}): LlmChoice => ({
  provider: 'openai',
  model: 'gpt-test',
  apiKey: KEY,
  baseUrl: overrides.provider === 'anthropic' ? claude.baseUrl : chat.baseUrl,
  ...overrides,
});
const bring = (overrides: Partial<LlmChoice> = {}): Promise<Llm> => createByoLlm(choose(overrides));

beforeAll(async () => {
  [chat, claude] = await Promise.all([openai.startOpenAiServer(), anthropic.startAnthropicServer()]);
  createByoLlm = createByoLlms(settings());
});
afterAll(() => Promise.all([chat.close(), claude.close()]));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const answered = { answer: 'Oslo [mem-1] [mem-9]', is_answered: true };

describe('a model of the caller', () => {
  it.each(['openai', 'gemini', 'xai'] as const)(
    'is called as %s, with its own key and for every task',
    async (provider) => {
      const llm = await bring({ provider });
      chat.script(openai.jsonReply({ facts: [fact()] }), openai.jsonReply(verdict), openai.jsonReply(answered));
      const extraction = await llm.extractFacts(conversation(user('I moved to Oslo yesterday')));
      expect(extraction).toMatchObject({ provider, model: 'gpt-test', facts: [{ text: 'Ann moved to Oslo' }] });
      expect(await llm.classify(pair, 'claude-haiku-4-5-20251001')).toMatchObject({ provider, model: 'gpt-test' });
      expect((await llm.answer(question('x'))).text).toBe('Oslo [mem-1]');
      for (const { path, headers, body } of chat.requests) {
        expect(path).toBe('/v1/chat/completions');
        expect(headers.authorization).toBe(`Bearer ${KEY}`);
        expect(body.model).toBe('gpt-test');
      }
    },
  );

  it('is called as anthropic, on a base URL, through the guard', async () => {
    claude.script(anthropic.jsonReply(verdict), anthropic.jsonReply(answered));
    const llm = await bring({ provider: 'anthropic', model: 'claude-mine' });
    expect(await llm.classify(pair, 'claude-haiku-4-5-20251001')).toMatchObject({
      provider: 'anthropic',
      model: 'claude-mine',
      verdict: 'supersedes',
    });
    expect((await llm.answer(question('x'))).text).toBe('Oslo [mem-1]');
    const [request] = claude.requests;
    expect(request?.path).toBe('/v1/messages');
    expect(request?.body.model).toBe('claude-mine');
    expect(JSON.stringify(request?.headers)).toContain(KEY);
    // Only the guard leaves these out.
    expect(Object.keys(request?.headers ?? {}).filter((name) => name.startsWith('x-stainless'))).toEqual([]);
  });

  it('is called as azure: deployment in the path, version in the query, key in its own header', async () => {
    chat.script(openai.jsonReply(answered));
    await (await bring({ provider: 'azure', model: 'my deployment', baseUrl: chat.origin })).answer(question('x'));
    await (
      await bring({ provider: 'azure', baseUrl: `${chat.origin}/openai/`, apiVersion: '2024-10-21' })
    ).answer(question('x'));
    await (await bring({ provider: 'azure', baseUrl: `${chat.origin}/openai/v1` })).answer(question('x'));
    expect(chat.requests.map(({ path }) => path)).toEqual([
      '/openai/deployments/my%20deployment/chat/completions?api-version=2025-04-01-preview',
      '/openai/deployments/gpt-test/chat/completions?api-version=2024-10-21',
      '/openai/v1/chat/completions',
    ]);
    const [first, , v1] = chat.requests;
    expect(first?.headers['api-key']).toBe(KEY);
    expect(first?.headers).not.toHaveProperty('authorization');
    expect(v1?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('gets nothing of the operator’s environment', async () => {
    for (const [name, value] of Object.entries({
      OPENAI_API_KEY: 'operator-1',
      OPENAI_ADMIN_KEY: 'operator-2',
      OPENAI_ORG_ID: 'operator-3',
      OPENAI_PROJECT_ID: 'operator-4',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/operator',
      AZURE_OPENAI_ENDPOINT: 'http://127.0.0.1:9/operator',
      OPENAI_CUSTOM_HEADERS:
        'Authorization: Bearer operator-5\napi-key: operator-5\nX-Operator: operator-6\nUser-Agent: operator',
      ANTHROPIC_API_KEY: 'operator-7',
      ANTHROPIC_AUTH_TOKEN: 'operator-8',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9/operator',
      ANTHROPIC_CUSTOM_HEADERS: 'Authorization: Bearer operator-9\nx-api-key: operator-9\nX-Operator: operator-9',
    }))
      vi.stubEnv(name, value);
    chat.script(openai.jsonReply(answered));
    claude.script(anthropic.jsonReply(answered));
    await (await bring()).answer(question('x'));
    await (await bring({ provider: 'azure', baseUrl: chat.origin })).answer(question('x'));
    await (await bring({ provider: 'anthropic' })).answer(question('x'));
    const sent = [...chat.requests, ...claude.requests];
    expect(sent).toHaveLength(3);
    for (const { path, headers } of sent) {
      expect(JSON.stringify(headers)).toContain(KEY);
      expect(`${path} ${JSON.stringify(headers)}`).not.toMatch(/operator/);
    }
  });

  it('has its dialect remembered from one request to the next', async () => {
    const refusal = openai.errorReply(400, "Unsupported parameter: 'max_tokens'.");
    chat.script(refusal, openai.jsonReply(answered));
    await (await bring({ model: 'gpt-new' })).answer(question('x'));
    expect(chat.requests).toHaveLength(2);
    chat.script(openai.jsonReply(answered));
    await (await bring({ model: 'gpt-new' })).answer(question('x'));
    expect(chat.requests[0]?.body).toHaveProperty('max_completion_tokens');
    expect(chat.requests).toHaveLength(1);
  });
});

describe('a choice that can not be called', () => {
  it.each([
    ['an address inside', { baseUrl: 'https://127.0.0.1/v1' }, 'llm.baseUrl'],
    ['a port that is not named', { baseUrl: 'http://127.0.0.1:1/v1' }, 'llm.baseUrl'],
    ['http on the open internet', { baseUrl: 'http://api.openai.com/v1' }, 'llm.baseUrl'],
    ['azure without a base URL', { provider: 'azure', baseUrl: undefined }, 'llm.baseUrl'],
    ['a key with a line break', { apiKey: `${KEY}\nx` }, 'llm.apiKey'],
    ['no key', { apiKey: '' }, 'llm.apiKey'],
    ['a model with a line break', { model: 'gpt\n' }, 'llm.model'],
    ['a version that is a path', { provider: 'azure', apiVersion: '../x' }, 'llm.apiVersion'],
  ] as const)('is refused before any call: %s', async (_, overrides, field) => {
    chat.script(openai.jsonReply(answered));
    const error = await failure(bring(overrides));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field });
    expect(everythingOf(error)).not.toContain(KEY);
    expect(everythingOf(error)).not.toContain('127.0.0.1');
    expect(chat.requests).toHaveLength(0);
  });

  it('is refused when connecting, if only its name leads inside, as a server that is not there', async () => {
    let connections = 0;
    const canary = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const { port } = canary.address() as AddressInfo;
    const inside = createByoLlms(settings(), (_, done) => done(null, [{ address: '127.0.0.1', family: 4 }]));
    for (const provider of ['openai', 'anthropic', 'azure', 'gemini', 'xai'] as const) {
      const llm = await inside(choose({ provider, baseUrl: `https://inside.example:${port}/v1` }));
      const error = await failure(llm.answer(question('x')));
      expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', message: 'The model provider can not be reached.' });
    }
    expect(connections).toBe(0);
    await new Promise((resolve) => canary.close(resolve));
  });
});

type Refuse = (status: number, message: string, code?: string) => ScriptedReply;
const inOpenAiForm: Refuse = (status, message, code) => openai.errorReply(status, message, { code: code ?? null });
const inAnthropicForm: Refuse = (status, message, code) => anthropic.errorReply(status, code ?? 'some_error', message);
const inGeminiForm: Refuse = (status, message) => ({
  status,
  body: [{ error: { code: status, message, status: 'INVALID_ARGUMENT' } }],
  headers: { 'retry-after-ms': '1' },
});
const inXaiForm: Refuse = (status, message) => ({
  status,
  body: { code: 'Some requested entity was not found', error: message },
  headers: { 'retry-after-ms': '1' },
});

describe.each([
  ['openai', inOpenAiForm],
  ['azure', inOpenAiForm],
  ['anthropic', inAnthropicForm],
  ['gemini', inGeminiForm],
  ['xai', inXaiForm],
] as const)('a refusal by %s', (provider, refuse) => {
  it.each([
    [401, 'No such key.', 'LLM_KEY_REFUSED', 'The model provider refused the key: No such key.'],
    [403, 'Not in your region.', 'LLM_KEY_REFUSED', 'The model provider refused the key: Not in your region.'],
    [400, 'API key not valid.', 'LLM_KEY_REFUSED', 'The model provider refused the key: API key not valid.'],
    [404, 'model: gpt-test', 'LLM_MODEL_REFUSED', 'The model provider does not know the model: model: gpt-test'],
    [
      400,
      'The model `gpt-test` has been shut down.',
      'LLM_MODEL_REFUSED',
      'The model provider does not know the model: The model `gpt-test` has been shut down.',
    ],
    [
      400,
      'Unknown model given.',
      'LLM_MODEL_REFUSED',
      'The model provider does not know the model: Unknown model given.',
    ],
    [429, 'Slow down.', 'LLM_RATE_LIMITED', "The model provider's rate limit is reached: Slow down."],
    [
      400,
      'Your balance is too low.',
      'UPSTREAM_FAILED',
      'The model provider refused the request: Your balance is too low.',
    ],
    [500, 'Ouch.', 'UPSTREAM_FAILED', 'The model provider is not available.'],
    [503, 'Ouch.', 'UPSTREAM_FAILED', 'The model provider is not available.'],
  ])('with %i "%s" becomes %s', async (status, words, code, message) => {
    const server = provider === 'anthropic' ? claude : chat;
    server.script(refuse(status, words));
    const error = await failure((await bring({ provider })).answer(question('x')));
    expect(error).toMatchObject({ code, message });
    expect(error.field).toBe(code === 'LLM_MODEL_REFUSED' ? 'llm.model' : undefined);
    // One try more where it may help: the caller waits.
    expect(server.requests).toHaveLength(status === 429 || status >= 500 ? 2 : 1);
  });

  it('is told without the key, a part of it, or a memory, wherever they stand', async () => {
    const server = provider === 'anthropic' ? claude : chat;
    const echoes = [
      `Incorrect API key provided: ${KEY}. Find yours at https://platform.example/keys?k=${KEY}`,
      `Bad key sk-proj-****Yd73 or ${KEY.slice(0, 9)}...${KEY.slice(-4)}`,
      `Key "${KEY.slice(4, 14)}" and ${KEY.split('').join('\u200b')}`,
      `You sent: ${SECRET_TEXT}`,
      `<html>${KEY}</html>`,
      `{"request":{"key":"${KEY}"}}`,
    ];
    for (const echo of echoes)
      for (const status of [401, 404, 429, 400]) {
        server.script(refuse(status, echo, echo));
        const error = await failure((await bring({ provider })).answer(question(SECRET_TEXT)));
        const everything = everythingOf(error);
        expect(everything).not.toContain('blue pot');
        for (const part of [KEY.slice(0, 12), KEY.slice(4, 14), KEY.slice(-8), 'Yd73'])
          expect(everything).not.toContain(part);
        expect(error.message).not.toMatch(/\p{C}/u);
        expect(error.message.length).toBeLessThan(400);
      }
  });
});

describe('other failures', () => {
  it.each(['openai', 'anthropic'] as const)('of %s are told without a word of the other side', async (provider) => {
    const server = provider === 'anthropic' ? claude : chat;
    const hurried = createByoLlms(settings(150));
    const ok = provider === 'anthropic' ? anthropic.jsonReply(answered) : openai.jsonReply(answered);
    const cases: [ScriptedReply, string][] = [
      [{ ...ok, delayMs: 3_000 }, 'The model provider did not answer in time.'],
      [{ ...ok, isStalled: true }, 'The model provider did not answer in time.'],
      [{ ...ok, isBroken: true }, 'The model provider can not be reached.'],
      [{ status: 302, body: '', headers: { location: `${chat.origin}/x` } }, 'The model provider can not be reached.'],
      [{ status: 200, body: '<html>' }, 'The model gave an unusable reply.'],
      [{ status: 400, body: 'plain words' }, 'The model provider refused the request.'],
      [{ status: 200, body: `"${'x'.repeat(11 * 1_048_576)}"` }, 'The call to the model provider failed.'],
    ];
    for (const [reply, message] of cases) {
      server.script(reply);
      const isSlow = message.endsWith('in time.');
      const llm = await (isSlow ? hurried : createByoLlm)(choose({ provider }));
      const error = await failure(llm.answer(question('x')));
      expect([error.code, error.message]).toEqual(['UPSTREAM_FAILED', message]);
    }
  });

  it('of a server that is not there', async () => {
    const gone = await openai.startOpenAiServer();
    await gone.close();
    const byo = createByoLlms({ hosts: [`127.0.0.1:${gone.port}`], timeoutMs: 5_000 });
    const error = await failure((await byo(choose({ baseUrl: gone.baseUrl }))).answer(question('x')));
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', message: 'The model provider can not be reached.' });
  });

  it('do not keep the caller waiting for longer than one try may take', async () => {
    const hurried = createByoLlms(settings(300));
    chat.script({ ...openai.errorReply(500), delayMs: 200 });
    await failure((await hurried(choose())).answer(question('x')));
    // With the pauses of a patient client there would be more.
    expect(chat.requests.length).toBeLessThanOrEqual(2);
  });
});

describe('calls at once', () => {
  it('are bounded for each owner, and leave room for others', async () => {
    chat.script({ ...openai.jsonReply(verdict), delayMs: 100 });
    const mine = await Promise.all(Array.from({ length: 5 }, () => createByoLlm(choose(), 'one')));
    const calls = mine.flatMap((llm) => Array.from({ length: 6 }, () => llm.classify(pair, 'any')));
    await vi.waitFor(() => expect(chat.requests.length).toBeGreaterThanOrEqual(8));
    let done = 0;
    for (const call of calls) void call.then(() => (done += 1));
    await (await createByoLlm(choose(), 'two')).classify(pair, 'any');
    // Thirty calls in eights take four rounds: nobody else waits for them.
    expect(done).toBeLessThan(24);
    await Promise.all(calls);
    expect(chat.requests).toHaveLength(31);
    expect(chat.peak).toBeGreaterThan(1);
    expect(chat.peak).toBeLessThanOrEqual(9);
  });
});

describe('the key', () => {
  it('is in no log, and in nothing that the model lets see', async () => {
    vi.stubEnv('OPENAI_LOG', 'debug');
    vi.stubEnv('ANTHROPIC_LOG', 'debug');
    const methods = (['debug', 'info', 'log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
    chat.script(openai.jsonReply(answered));
    const llm = await bring();
    await llm.answer(question(SECRET_TEXT));
    for (const method of methods) expect(method).not.toHaveBeenCalled();
    expect(inspect(llm, { depth: 20, showHidden: true })).not.toContain(KEY);
  });
});

describe('cleaning a provider’s words', () => {
  const sent = { apiKey: KEY, model: 'claude-haiku-4-5-20251001', data: JSON.stringify({ text: SECRET_TEXT }) };

  it.each([
    ['  Two\n\tlines\u0000 and\u001b[31m colour ', 'Two lines and [31m colour'],
    [
      'Incorrect API key provided: sk-ab**********34. See https://x.example/keys',
      'Incorrect API key provided: *** See https://x.example/keys',
    ],
    ['Key AIzaSyD-1234567890abcdefghijk is off', 'Key *** is off'],
    ['xai-… and xa***Z and eyJhbGciOi.x.y', '*** and *** and ***'],
    ['Request 0f8fad5bd9cb469fa165708677289502 failed', 'Request *** failed'],
    ['No model claude-haiku-4-5-20251001.', 'No model claude-haiku-4-5-20251001.'],
    ['Zq81xTmB', '***'],
    [
      'Skip the pkg, or ask for 20 skills of gpt-5.1-2026-01-31',
      'Skip the pkg, or ask for 20 skills of gpt-5.1-2026-01-31',
    ],
    ['Key "pk_live" or (sk-1234)', 'Key *** or ***'],
    ['zq81XTMB', '***'],
    ['', undefined],
    ['<!doctype html><p>No', undefined],
    ['[{"a":1}]', undefined],
    ['You said "keeps the spare key under the blue pot".', undefined],
    ['x'.repeat(10_001), undefined],
    [undefined, undefined],
  ])('makes %j into %j', (words, expected) => {
    expect(cleanWords(words, sent)).toBe(expected);
  });

  it('keeps three hundred characters', () => {
    expect(cleanWords('word '.repeat(200), sent)?.length).toBeLessThanOrEqual(300);
  });
});
