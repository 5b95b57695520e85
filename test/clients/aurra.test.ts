import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AurraError } from '../../src/clients/aurra/index.js';
import {
  Aurra,
  AurraAuthError,
  AurraConnectionError,
  AurraForbiddenError,
  AurraLlmProviderError,
  AurraNotFoundError,
  AurraRateLimitError,
  AurraServerError,
  AurraValidationError,
} from '../../src/clients/aurra/index.js';
import { errorReply, startOpenAiServer, type OpenAiServer } from '../support/openai-server.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { UUID } from '../support/wire.js';

const HELLO = [
  { role: 'user', content: 'Hi, I am Alice. I am a senior engineer at Acme.' },
  { role: 'assistant', content: 'Nice to meet you, Alice.' },
] as const;

let app: TestApp;
let provider: OpenAiServer;
let baseUrl: string;
let owner: Client;
let aurra: Aurra;

beforeAll(async () => {
  provider = await startOpenAiServer();
  app = await startApp({
    env: { PALIMPSEST_LLM_HOSTS: new URL(provider.baseUrl).host, PALIMPSEST_STARTER_WRITES: '0' },
  });
  baseUrl = await app.listen();
  owner = await app.newClient();
  aurra = new Aurra({ apiKey: owner.key, baseUrl: `${baseUrl}/` });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const connect = ({ key }: Client) => new Aurra({ apiKey: key, baseUrl });
const thrown = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

describe('the client in the form of the JavaScript SDK', () => {
  it('walks through the quickstart', async () => {
    const added = await aurra.memories.add({ messages: HELLO, sessionId: 'alice-session-1' });
    expect(added.extracted.join(' ')).toMatch(/Alice/);
    expect(added).toMatchObject({ savedCount: added.memoryIds.length, extraction: { byoLlm: false } });
    const answer = await aurra.agent.query({ question: 'Where does Alice work?', limit: 5 });
    expect(answer.answer).toContain('Acme');
    expect(answer.answerWithCitations).toContain('[mem-1]');
    expect(answer.citations[0]).toMatchObject({ index: 1, citedByLlm: true, isSuperseded: false });
    expect(answer.citations[0]?.similarity.toFixed(2)).toMatch(/^[01]\.\d\d$/);
    expect(await aurra.memories.query('Where does Alice work?')).toMatchObject({ answer: answer.answer });
  });

  it('lists what was stored, with every filter', async () => {
    const { memoryId } = await aurra.memories.add({
      content: 'The office is in Berlin.',
      topic: 'Places',
      importanceScore: 8,
      source: 'slack',
      tenantId: 'acme',
    });
    const { memories, ...list } = await aurra.memories.list({ tenantId: 'acme', source: ['slack', 'crm'], limit: 10 });
    expect(list).toMatchObject({ tenantId: 'acme', count: 1, supersededCount: 0 });
    expect(memories[0]).toMatchObject({
      id: memoryId,
      decision: 'The office is in Berlin.',
      importanceScore: 8,
      sourceCitation: { type: 'slack', originalMessage: 'The office is in Berlin.' },
      temporal: { isCurrent: true, transactionTimeEnd: null, isKnownCurrent: true },
    });
    expect((await aurra.memories.list({ tenantId: 'acme', asOf: '2020-01-01T00:00:00Z' })).count).toBe(0);
    expect((await aurra.memories.list({ tenantId: 'acme', minImportance: 9 })).count).toBe(0);
  });

  it('supersedes, and shows timeline and audit', async () => {
    const add = async (content: string) => (await aurra.memories.add({ content })).memoryId ?? '';
    const [old, fresh] = [
      await add('The wifi password is on the board.'),
      await add('The wifi password is in the vault.'),
    ];
    expect(await aurra.memories.supersede(old, { supersededBy: fresh })).toMatchObject({
      status: 'superseded',
      memoryId: old,
      supersededBy: fresh,
    });
    const { chainLength, timeline } = await aurra.memories.timeline(fresh);
    expect(chainLength).toBe(2);
    expect(timeline.map(({ temporal }) => temporal.isCurrent)).toEqual([false, true]);
    const audit = await aurra.memories.audit(old);
    expect(audit.provenance.originalInput).toBe('The wifi password is on the board.');
    const superseded = audit.history.find(({ event }) => event === 'memory.superseded');
    expect(superseded?.details).toMatchObject({ superseded_by: fresh }); // details keep the names of the wire
  });

  it('reads and changes settings, reads the plan, and deletes', async () => {
    const settings = await aurra.settings.update({ freshnessHalfLifeDays: 14, excludedCategories: ['financial'] });
    expect(settings).toMatchObject({ freshnessHalfLifeDays: 14, excludedCategories: ['financial'] });
    expect(await aurra.settings.get()).toEqual(settings);
    expect(await aurra.plan.status()).toMatchObject({ orgId: owner.caller.accountId, planTier: 'pro', blocked: false });
    await aurra.memories.add({ content: 'To be forgotten.', tenantId: 'gone' });
    expect(await aurra.memories.delete({ tenantId: 'gone' })).toMatchObject({ deletedCount: 1, tenantId: 'gone' });
  });

  it('sends an idempotency key as the header that it is', async () => {
    const add = () => aurra.memories.add({ content: `Said once ${'x'.repeat(3)}.`, idempotencyKey: 'once' });
    const [first, second] = [await add(), await add()];
    expect(first.memoryId).toMatch(UUID);
    expect(second).toEqual(first);
  });

  it('asks for a proof, and in the past', async () => {
    const { proofTree } = await aurra.agent.query({ question: 'Where does Alice work?', includeProofTree: true });
    expect(proofTree?.answerHash).toMatch(/^[0-9a-f]{64}$/);
    const past = await aurra.agent.query({ question: 'Who?', transactionAsOf: '2020-01-01T00:00:00Z' });
    expect(past.citations).toEqual([]);
  });
});

describe('its errors', () => {
  const nobody = '00000000-0000-4000-8000-000000000000';

  it('are typed by what went wrong', async () => {
    const stranger = await app.newClient();
    const { memoryId } = await connect(stranger).memories.add({ content: 'The stranger likes opera.' });
    const wrongKey = new Aurra({ apiKey: `aurra_${'0'.repeat(12)}_${'0'.repeat(38)}`, baseUrl });
    const poor = connect(await app.newClient({ plan: 'starter' }));
    const cases: [() => Promise<unknown>, typeof AurraError, object][] = [
      [
        () => wrongKey.plan.status(),
        AurraAuthError,
        { status: 401, code: 'UNAUTHENTICATED', message: 'Invalid API key' },
      ],
      [() => aurra.memories.timeline(memoryId ?? ''), AurraForbiddenError, { status: 403, field: 'memory_id' }],
      [() => aurra.memories.audit(nobody), AurraNotFoundError, { status: 404, code: 'NOT_FOUND' }],
      [() => aurra.memories.audit('../settings'), AurraValidationError, { status: 422, field: 'memory_id' }],
      [() => aurra.agent.query({ question: ' ' }), AurraValidationError, { status: 422, field: 'question' }],
      [
        () => aurra.settings.update({ minConfidence: 2 }),
        AurraValidationError,
        { status: 400, field: 'min_confidence' },
      ],
      [() => poor.memories.add({ content: 'Too much.' }), AurraRateLimitError, { status: 429, code: 'QUOTA_EXCEEDED' }],
    ];
    for (const [call, kind, about] of cases) {
      const error = await thrown(call());
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ name: kind.name, ...about, requestId: expect.stringMatching(UUID) as string });
    }
  });

  it('name the provider where that is what failed', async () => {
    provider.script(errorReply(401, 'bad key'));
    const llm = { provider: 'openai', model: 'm', apiKey: 'sk-x', baseUrl: provider.baseUrl } as const;
    const error = await thrown(aurra.memories.add({ messages: HELLO, llm, tenantId: 'byo' }));
    expect(error).toBeInstanceOf(AurraLlmProviderError);
    expect(error).toMatchObject({ status: 401, provider: 'openai', code: 'LLM_KEY_REFUSED' });
  });

  it('tell how long to wait, and survive what is no JSON', async () => {
    const answering = (response: Response) =>
      new Aurra({ apiKey: 'aurra_x', baseUrl, fetch: () => Promise.resolve(response) }).plan.status();
    const limited = Response.json(
      { detail: 'Too many requests', code: 'RATE_LIMITED' },
      { status: 429, headers: { 'retry-after': '7' } },
    );
    expect(await thrown(answering(limited))).toMatchObject({ name: 'AurraRateLimitError', retryAfterSeconds: 7 });
    const gateway = await thrown(answering(new Response('<h1>Bad Gateway</h1>', { status: 502 })));
    expect(gateway).toBeInstanceOf(AurraServerError);
    expect(gateway).toMatchObject({ message: 'HTTP 502' });
  });

  it('say when nobody is there, and when a key is none', async () => {
    const nowhere = new Aurra({ apiKey: 'aurra_x', baseUrl: 'http://127.0.0.1:9' });
    expect(await thrown(nowhere.plan.status())).toBeInstanceOf(AurraConnectionError);
    expect(() => new Aurra({ apiKey: 'sk-other' })).toThrow(TypeError);
  });
});
