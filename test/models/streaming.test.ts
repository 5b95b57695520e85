import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAnthropicLlm } from '../../src/models/anthropic.js';
import { FieldReader } from '../../src/models/calls/field-reader.js';
import { LiveAnswer } from '../../src/models/calls/live-answer.js';
import type { Answer, Attribution, Llm } from '../../src/models/llm.js';
import { createOfflineLlm } from '../../src/models/offline/offline-llm.js';
import { createOpenAiLlm } from '../../src/models/openai.js';
import { settleMarkers } from '../../src/models/prompts/answer-question.js';
import * as anthropic from '../support/anthropic-server.js';
import { everythingOf, failure, question } from '../support/llm-inputs.js';
import type { ModelServer, ScriptedReply, StreamOptions } from '../support/model-server.js';
import * as openai from '../support/openai-server.js';

const KEY = 'sk-test-0123456789-secret';
/** For a machine that is busy. */
const WAIT = { timeout: 20_000, interval: 10 };
const SECRET_TEXT = 'User keeps the spare key under the blue pot';

/** An answer as it is watched, and how the call ended. */
async function watch(llm: Llm, signal = new AbortController().signal) {
  const pieces: string[] = [];
  let lost: Attribution | undefined;
  const call = llm.answer(question('Ann likes tea', 'Ann moved to Oslo', SECRET_TEXT), {
    onText: (piece) => void pieces.push(piece),
    onLoss: (spent) => (lost = spent),
    signal,
  });
  const outcome = await call.then(
    (answer): { answer?: Answer; error?: unknown } => ({ answer }),
    (error: unknown): { answer?: Answer; error?: unknown } => ({ error }),
  );
  return { pieces, text: pieces.join(''), lost, ...outcome };
}

const json = (answer: string, isAnswered = true) => JSON.stringify({ answer, is_answered: isAnswered });
const ANSWER = 'Ann moved to Oslo 😀 [mem-2], "by the sea"\nwith tea [mem-1, mem-2] [mem-9].';
const SETTLED = 'Ann moved to Oslo 😀 [mem-2], "by the sea"\nwith tea [mem-1][mem-2].';

interface Provider {
  name: string;
  start: () => Promise<ModelServer<never> & { baseUrl: string }>;
  connect: (baseUrl: string, timeoutMs?: number) => Llm;
  streamReply: (text: string, options?: StreamOptions) => ScriptedReply;
  jsonReply: (value: unknown) => ScriptedReply;
  textReply: (text: string) => ScriptedReply;
  errorReply: (status: number) => ScriptedReply;
  overloaded: object;
}

const PROVIDERS: Provider[] = [
  {
    name: 'the Messages API',
    start: () => anthropic.startAnthropicServer() as never,
    connect: (baseUrl, timeoutMs = 5_000) =>
      createAnthropicLlm({
        apiKey: KEY,
        baseUrl,
        answerModel: 'claude-opus-4-7',
        extractionModel: 'claude-opus-4-7',
        timeoutMs,
        concurrency: 8,
      }),
    streamReply: anthropic.streamReply,
    jsonReply: anthropic.jsonReply,
    textReply: anthropic.textReply,
    errorReply: (status) => anthropic.errorReply(status, 'api_error'),
    overloaded: { type: 'overloaded_error', message: SECRET_TEXT },
  },
  {
    name: 'chat completions',
    start: () => openai.startOpenAiServer() as never,
    connect: (baseUrl, timeoutMs = 5_000) =>
      createOpenAiLlm({
        baseUrl,
        apiKey: KEY,
        model: 'llama-test',
        classifierModel: 'tiny-test',
        timeoutMs,
        concurrency: 8,
      }),
    streamReply: openai.streamReply,
    jsonReply: openai.jsonReply,
    textReply: openai.textReply,
    errorReply: (status) => openai.errorReply(status),
    overloaded: { type: 'server_error', message: SECRET_TEXT, code: null },
  },
];

describe.each(PROVIDERS)(
  'an answer watched over $name',
  ({ start, connect, streamReply, jsonReply, textReply, errorReply, overloaded }) => {
    let server: Awaited<ReturnType<typeof start>>;
    let llm: Llm;

    beforeAll(async () => {
      server = await start();
      llm = connect(server.baseUrl);
    });
    afterAll(() => server.close());

    it.each([
      [1, 1],
      [3, 2],
      [64, 5],
      [100_000, 100_000],
    ])(
      'comes as text with whole markers, cut on the wire every %i bytes and %i characters',
      async (bytes, characters) => {
        server.script(streamReply(json(ANSWER), { bytes, characters }));
        const { pieces, text, answer } = await watch(llm);
        expect(text).toBe(SETTLED);
        expect(answer).toMatchObject({ text: SETTLED, isAnswered: true, usage: { inputTokens: 10, outputTokens: 5 } });
        if (characters < 10) expect(pieces.length).toBeGreaterThan(5);
        for (const piece of pieces) {
          expect(piece.replaceAll(/\[mem-[12]\]/g, '')).not.toMatch(/[[\]]|mem/);
          expect(piece).not.toMatch(/\p{Surrogate}/u);
        }
        expect(server.requests.map(({ raw }) => (JSON.parse(raw) as { stream?: boolean }).stream)).toEqual([true]);
      },
    );

    it('comes before the reply is whole', async () => {
      let release = (): void => undefined;
      server.script(
        streamReply(json(ANSWER), { until: 30, then: new Promise<void>((resolve) => (release = resolve)) }),
      );
      const pieces: string[] = [];
      const signal = new AbortController().signal;
      const call = llm.answer(question('a', 'b'), {
        onText: (piece) => void pieces.push(piece),
        onLoss: vi.fn(),
        signal,
      });
      await vi.waitUntil(() => pieces.join('').startsWith('Ann moved'), WAIT);
      release();
      expect((await call).text).toBe(SETTLED);
      expect(pieces.join('')).toBe(SETTLED);
    });

    it.each([
      ['a fence', `\`\`\`json\n${json(ANSWER)}\n\`\`\``],
      ['thoughts', `<think>Perhaps {"answer": "no"}?</think>\n${json(ANSWER)}`],
      ['another order', `{"is_answered": true, "answer": ${JSON.stringify(ANSWER)}}`],
      ['prose', `Here you are, as asked: ${json(ANSWER)}`],
      [
        'escapes',
        json(ANSWER).replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
      ],
    ])('is found in %s, and no syntax is taken for text', async (_what, reply) => {
      server.script(streamReply(reply, { characters: 3 }));
      const { text, answer } = await watch(llm);
      expect({ text, answer: answer?.text }).toEqual({ text: SETTLED, answer: SETTLED });
    });

    it.each([
      ['fails', { then: { error: overloaded } }],
      ['ends', { then: 'end' as const }],
      ['breaks', { then: 'break' as const }],
    ])('is asked for once more, whole, when the stream %s before its text began', async (_how, options) => {
      server.script(
        streamReply(json(ANSWER), { until: 8, ...options }),
        jsonReply({ answer: ANSWER, is_answered: true }),
      );
      const { text, answer } = await watch(llm);
      expect({ text, answer: answer?.text }).toEqual({ text: SETTLED, answer: SETTLED });
      expect(server.requests).toHaveLength(2);
    });

    it.each([
      ['is no stream', jsonReply({ answer: ANSWER, is_answered: true })],
      ['is a web page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
      ['is no JSON', streamReply('I would rather not say')],
    ])('is asked for once more, whole, when the reply %s', async (_what, reply) => {
      server.script(reply, jsonReply({ answer: ANSWER, is_answered: true }));
      expect((await watch(llm)).text).toBe(SETTLED);
      expect(server.requests).toHaveLength(2);
      server.script(reply, textReply('no'));
      expect(await watch(llm)).toMatchObject({ text: '', error: { code: 'UPSTREAM_FAILED' } });
      expect(server.requests).toHaveLength(2);
    });

    it('is retried by the SDK before it began', async () => {
      server.script(errorReply(503), streamReply(json(ANSWER)));
      expect((await watch(llm)).text).toBe(SETTLED);
    });

    it.each([
      [
        'fails',
        { then: { error: overloaded } },
        'UPSTREAM_UNAVAILABLE',
        'The model provider is not available. Try again later.',
      ],
      [
        'ends early',
        { then: 'end' as const },
        'UPSTREAM_UNAVAILABLE',
        "The model provider's reply broke off. Try again later.",
      ],
      [
        'breaks',
        { then: 'break' as const },
        'UPSTREAM_UNAVAILABLE',
        "The model provider's reply broke off. Try again later.",
      ],
      ['stalls', { then: 'stall' as const }, 'UPSTREAM_UNAVAILABLE', 'The model provider did not answer in time.'],
    ])(
      'ends in a typed error when the stream %s after its text began, and is asked for once',
      async (_how, options, code, message) => {
        server.script(streamReply(json(ANSWER), { until: 30, ...options }));
        const { text, error, lost } = await watch(connect(server.baseUrl, 300));
        expect(text).toMatch(/^Ann moved/);
        expect(SETTLED.startsWith(text)).toBe(true);
        expect(error).toMatchObject({ code, message });
        expect(everythingOf(error as never)).not.toMatch(/blue pot|sk-test/);
        expect(lost).toBeDefined();
        expect(server.requests).toHaveLength(1);
      },
    );

    it('ends in a typed error when what was shown is not what the reply says', async () => {
      server.script(streamReply(`${json('Bergen')} or rather`));
      expect(await watch(llm)).toMatchObject({ text: 'Bergen' });
      server.script(streamReply(`{"answer": "Bergen", "answer": "Oslo", "is_answered": true}`));
      expect(await watch(llm)).toMatchObject({
        text: 'Bergen',
        error: { code: 'UPSTREAM_FAILED', message: 'The model gave an unusable reply.' },
      });
      expect(server.requests).toHaveLength(1);
    });

    it('breaks off the call when nobody watches any more', async () => {
      server.script(streamReply(json(ANSWER), { until: 30, then: 'stall' }));
      const leave = new AbortController();
      const pieces: string[] = [];
      const call = llm.answer(question('a'), {
        onText: (piece) => void pieces.push(piece),
        onLoss: vi.fn(),
        signal: leave.signal,
      });
      await vi.waitUntil(() => pieces.length > 0, WAIT);
      leave.abort();
      await failure(call);
      await vi.waitUntil(() => server.aborted === 1, WAIT);
      expect(server.requests).toHaveLength(1);
    });

    it('prints nothing, whatever the stream holds', async () => {
      const methods = (['debug', 'info', 'log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
      const odd = ['event: thread.message\ndata: {', SECRET_TEXT, '\n\nevent: x\ndata: also no JSON\n\n'];
      server.script({ ...streamReply('x'), pieces: odd.map((part) => Buffer.from(part)) }, textReply('no'));
      expect(await watch(llm)).toMatchObject({ error: { code: 'UPSTREAM_FAILED' } });
      for (const method of methods) expect(method).not.toHaveBeenCalled();
      vi.restoreAllMocks();
    });
  },
);

describe('what a stream takes', () => {
  it('is known of a message that broke off as far as it was told', async () => {
    const server = await anthropic.startAnthropicServer();
    const llm = PROVIDERS[0]?.connect(server.baseUrl);
    server.script(anthropic.streamReply(json(ANSWER), { until: 30, then: 'break' }));
    const { lost } = await watch(llm as Llm);
    expect(lost).toMatchObject({ provider: 'anthropic', usage: { inputTokens: 10, outputTokens: 1 } });
    await server.close();
  });

  it('is asked for where a server takes the wish, and left out where it does not', async () => {
    const server = await openai.startOpenAiServer();
    const llm = PROVIDERS[1]?.connect(server.baseUrl) as Llm;
    server.script(openai.errorReply(400, "Unknown parameter: 'stream_options'."), openai.streamReply(json(ANSWER)));
    expect(await watch(llm)).toMatchObject({ text: SETTLED });
    await watch(llm);
    expect(server.requests.map(({ body }) => body['stream_options'])).toEqual([
      { include_usage: true },
      undefined,
      undefined,
    ]);
    await server.close();
  });

  it.each([
    [
      'refuses',
      { stopReason: 'refusal' },
      { finishReason: 'content_filter' },
      'The model refused to answer this question.',
    ],
    [
      'is cut',
      { stopReason: 'max_tokens' },
      { finishReason: 'length' },
      "The model's reply was cut at its length limit.",
    ],
  ])('is counted too when the model %s', async (_how, ofMessage, ofCompletion, message) => {
    const [one, two] = [await anthropic.startAnthropicServer(), await openai.startOpenAiServer()];
    one.script(anthropic.streamReply('{"answer": "Ann moved', ofMessage));
    two.script(openai.streamReply('{"answer": "Ann moved', ofCompletion));
    for (const [i, server] of [one, two].entries()) {
      const { text, error, lost } = await watch(PROVIDERS[i]?.connect(server.baseUrl) as Llm);
      expect({ text, error }).toMatchObject({ text: 'Ann moved', error: { code: 'UPSTREAM_FAILED', message } });
      expect(lost?.usage).toEqual({ inputTokens: 10, outputTokens: 5 });
      await server.close();
    }
  });
});

describe('the offline rules', () => {
  it('give the sentences that they have, one after the other', async () => {
    const pieces: string[] = [];
    const answer = await createOfflineLlm().answer(
      { ...question('User likes tea', 'User likes coffee'), question: 'What does the user like?' },
      { onText: (piece) => void pieces.push(piece), onLoss: vi.fn(), signal: new AbortController().signal },
    );
    expect(pieces).toHaveLength(2);
    expect(pieces.join('')).toBe(answer.text);
  });
});

describe('a reply that is being written', () => {
  const answers = fc
    .array(
      fc.constantFrom(
        'Ann ',
        'Oslo',
        '[mem-1]',
        '[mem-2, mem-9]',
        ' [MEM-3]',
        '[mem-77]',
        '[',
        ']',
        ' ',
        '  ',
        '\n',
        '"',
        '\\',
        '😀',
        'é',
        '. ',
        '[ mem-2 ]',
        'a[3]',
        '</think>',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''));

  it('shows at last exactly the answer, however it is cut', () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 9 }), fc.boolean(), (answer, size, isIndented) => {
        const raw = JSON.stringify({ answer, is_answered: true }, null, isIndented ? 2 : 0);
        const shown: string[] = [];
        const live = new LiveAnswer(3, (piece) => void shown.push(piece));
        for (let at = 0; at < raw.length; at += size) live.push(raw.slice(at, at + size));
        const whole = settleMarkers(answer, 3);
        expect(whole.startsWith(shown.join(''))).toBe(true);
        live.finish(whole);
        expect(shown.join('')).toBe(whole);
        for (const piece of shown) expect(piece).not.toMatch(/mem-(?!\d+\])|\[mem-(77|9)\]/);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is read no further where it is not in the form that was asked for', () => {
    for (const raw of [
      '{"other": "x", "answer": "y"}',
      `${'x'.repeat(300)}{"answer": "y"}`,
      '["answer", "y"]',
      '{"answer": 5}',
    ]) {
      const reader = new FieldReader('answer');
      expect([...raw].map((one) => reader.push(one)).join('')).toBe('');
    }
  });
});
