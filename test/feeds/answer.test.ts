import { createClient as createSseClient } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as anthropic from '../support/anthropic-server.js';
import { openSocket, Operation, type Socket } from '../support/feed.js';
import * as openai from '../support/openai-server.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

const FIELDS = `
  question text textWithCitations isAnswered memoriesSearched cursor
  citations { index isCited sentences memory { id text } }
  sentences { index text textWithCitations isSupported citations { index isSupported doubt memory { id } } }
  memories { id text timeline { chainLength entries { text } } }
  answeredBy { provider model isByoLlm inputTokens outputTokens }`;
const STREAM = `subscription ($input: QueryInput!) { answer(input: $input) {
  __typename
  ... on AnswerToken { token: text }
  ... on AnswerSentence { index text textWithCitations isSupported citations { index isSupported doubt memory { id } } }
  ... on Answer { ${FIELDS.replace('text ', 'whole: text ').replaceAll(' sentences {', ' all: sentences {')} }
} }`;
const QUERY = `mutation ($input: QueryInput!) { query(input: $input) { ${FIELDS} } }`;
const USAGE = 'query { planStatus { tokenUsage { purpose provider calls inputTokens outputTokens } } }';
/** For a machine that is busy. */
const WAIT = { timeout: 20_000, interval: 10 };
const SECRET = 'sk-caller-0123456789abcdefghijklmnop';

interface Chunk {
  __typename: 'AnswerToken' | 'AnswerSentence' | 'Answer';
  token?: string;
  [field: string]: unknown;
}
interface Chunks {
  answer: Chunk;
}

let models: anthropic.AnthropicServer;
let callers: openai.OpenAiServer;
let app: TestApp;
let url: string;
let client: Client;
const sockets: Socket[] = [];

beforeAll(async () => {
  [models, callers] = [await anthropic.startAnthropicServer(), await openai.startOpenAiServer()];
  app = await startApp({
    env: {
      ANTHROPIC_API_KEY: 'sk-ant-test',
      ANTHROPIC_BASE_URL: models.baseUrl,
      PALIMPSEST_LLM_HOSTS: new URL(callers.baseUrl).host,
    },
  });
  url = await app.listen();
});
afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => socket.dispose()));
});
afterAll(async () => {
  await app.close();
  await models.close();
  await callers.close();
});
beforeEach(async () => {
  client = await app.newClient();
  for (const content of ['Ann moved to Oslo', 'Ann has 2 cats'])
    await client.rest('POST', '/agent/memories', { content });
});

function connect(): Socket {
  const socket = openSocket(url, client.key);
  sockets.push(socket);
  return socket;
}

const overSocket = (input: object): Operation<Chunks> => connect().run<Chunks>(STREAM, { input });
const overSse = (input: object): Operation<Chunks> => {
  const sse = createSseClient({
    url: `${url}/graphql`,
    headers: { Authorization: `Bearer ${client.key}` },
    retryAttempts: 0,
  });
  return new Operation<Chunks>((sink) => sse.subscribe<Chunks>({ query: STREAM, variables: { input } }, sink));
};

const chunksOf = (operation: Operation<Chunks>): Chunk[] => operation.results.flatMap(({ data }) => data?.answer ?? []);
const tokensOf = (operation: Operation<Chunks>): string =>
  chunksOf(operation)
    .map(({ token = '' }) => token)
    .join('');
const last = (chunks: readonly Chunk[]): Chunk => chunks.at(-1) ?? { __typename: 'AnswerToken' };
const ended = (operation: Operation<Chunks>): Promise<Chunk[]> => operation.ended().then(() => chunksOf(operation));

/** A reply that cites memories by what they say: in which order they were retrieved is another test's matter. */
const citing =
  (answer: string, reply: (text: string) => ReturnType<typeof anthropic.textReply>) =>
  (request: anthropic.RecordedRequest) => {
    const { memories } = anthropic.dataOf(request) as { memories: { text: string; cite_as: string }[] };
    const marker = (part: string) => memories.find(({ text }) => text.includes(part))?.cite_as ?? '';
    const text = answer.replace(/<(\w+)>/g, (_all, part: string) => marker(part));
    return reply(JSON.stringify({ answer: text, is_answered: true }));
  };
const SAID = 'Ann moved to Oslo <Oslo>. She has 3 cats <cats>, says [mem-99].\nNothing else <cats> [mem-0] is known.';
const input = { question: 'Where does Ann live, and with whom?' };

describe.each([
  ['a WebSocket', overSocket],
  ['SSE', overSse],
])('an answer streamed over %s', (_wire, ask) => {
  it('is tokens, then each sentence with its citations checked, then the answer that the mutation gives', async () => {
    models.script(citing(SAID, (text) => anthropic.streamReply(text, { bytes: 7, characters: 3 })));
    const operation = ask(input);
    const chunks = await ended(operation);
    expect(operation.errors).toBeUndefined();
    const shown = 'Ann moved to Oslo [mem-1]. She has 3 cats [mem-2], says.\nNothing else [mem-2] is known.';
    expect(tokensOf(operation)).toBe(shown);
    const sentences = chunks.filter(({ __typename }) => __typename === 'AnswerSentence');
    expect(sentences).toMatchObject([
      { index: 1, text: 'Ann moved to Oslo.', isSupported: true, citations: [{ index: 1, doubt: null }] },
      {
        index: 2,
        textWithCitations: 'She has 3 cats [mem-2], says.',
        isSupported: false,
        citations: [{ doubt: 'NUMBER' }],
      },
      { index: 3, citations: [{ index: 2, isSupported: false }] },
    ]);
    expect(chunks.map(({ __typename }) => __typename).filter((type) => type !== 'AnswerToken')).toEqual([
      'AnswerSentence',
      'AnswerSentence',
      'AnswerSentence',
      'Answer',
    ]);
    expect(JSON.stringify(chunks)).not.toMatch(/mem-99|mem-0/);

    models.script(citing(SAID, (text) => anthropic.textReply(text)));
    const { data } = await client.graphql<{ query: Record<string, unknown> }>(QUERY, { input });
    const { __typename: _answer, whole, all, ...answer } = last(chunks);
    expect({ ...answer, text: whole, sentences: all }).toEqual(data.query);
    expect(sentences.map(({ __typename: _type, ...sentence }) => sentence)).toEqual(all);
    expect(answer['citations']).toMatchObject([
      { index: 1, sentences: [1] },
      { index: 2, sentences: [2, 3] },
    ]);
    const usage = await client.graphql<{ planStatus: { tokenUsage: object[] } }>(USAGE);
    expect(usage.data.planStatus.tokenUsage).toEqual([
      { purpose: 'ANSWER', provider: 'anthropic', calls: 2, inputTokens: 20, outputTokens: 10 },
    ]);
  });

  it('ends in a typed error when the model fails after it began', async () => {
    const error = { type: 'overloaded_error', message: 'words of the provider' };
    models.script(citing(SAID, (text) => anthropic.streamReply(text, { until: 40, then: { error } })));
    const operation = ask(input);
    await operation.ended();
    expect(tokensOf(operation)).toMatch(/^Ann moved/);
    expect(operation.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
    expect(JSON.stringify(operation.errors)).not.toContain('words of the provider');
    expect(models.requests).toHaveLength(1);
  });

  it('breaks off the call to the model when its client leaves, and counts what is known of its cost', async () => {
    models.script(citing(SAID, (text) => anthropic.streamReply(text, { until: 40, then: 'stall' })));
    const operation = ask(input);
    await vi.waitUntil(() => tokensOf(operation).startsWith('Ann moved'), WAIT);
    operation.stop();
    await vi.waitUntil(() => models.aborted === 1, WAIT);
    const row = { purpose: 'ANSWER', provider: 'anthropic', calls: 1, inputTokens: 10, outputTokens: 1 };
    await vi.waitUntil(
      async () =>
        (await client.graphql<{ planStatus: { tokenUsage: object[] } }>(USAGE)).data.planStatus.tokenUsage.length > 0,
      WAIT,
    );
    const { data } = await client.graphql<{ planStatus: { tokenUsage: object[] } }>(USAGE);
    expect(data.planStatus.tokenUsage).toEqual([row]);
  });

  it("is a caller's own model's where the question brings one, with failures that name it", async () => {
    const llm = { provider: 'openai', model: 'gpt-test', apiKey: SECRET, baseUrl: callers.baseUrl };
    callers.script(openai.streamReply(JSON.stringify({ answer: 'Oslo [mem-1].', is_answered: true }), { bytes: 5 }));
    const answered = await ended(ask({ ...input, llm }));
    expect(answered.at(-1)).toMatchObject({
      whole: 'Oslo.',
      answeredBy: { provider: 'openai', model: 'gpt-test', isByoLlm: true, inputTokens: 10 },
    });
    expect(callers.requests[0]?.headers.authorization).toBe(`Bearer ${SECRET}`);

    callers.script(openai.errorReply(401, `Incorrect key ${SECRET}`));
    const refused = ask({ ...input, llm });
    await refused.ended();
    expect(refused.errors).toMatchObject([{ extensions: { code: 'LLM_KEY_REFUSED', provider: 'openai' } }]);
    expect(JSON.stringify(refused.errors)).not.toContain(SECRET);
  });

  it('refuses what the mutation refuses', async () => {
    const operation = ask({ question: ' ' });
    await operation.ended();
    expect(operation.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'question' } }]);
  });
});

describe('an answer over a socket', () => {
  it('shows a checked sentence while the next ones are still being written', async () => {
    let release = (): void => undefined;
    const then = new Promise<void>((resolve) => (release = resolve));
    models.script(citing(SAID, (text) => anthropic.streamReply(text, { until: 50, then })));
    const operation = overSocket(input);
    await vi.waitUntil(() => chunksOf(operation).some(({ index }) => index === 1), WAIT);
    expect(tokensOf(operation)).toMatch(/^Ann moved to Oslo \[mem-1\]\. She/);
    expect(operation.isEnded).toBe(false);
    release();
    expect((await ended(operation)).at(-1)).toMatchObject({ textWithCitations: tokensOf(operation) });
  });

  it('that fails leaves the socket to others', async () => {
    const socket = connect();
    models.script(citing(SAID, (text) => anthropic.streamReply(text, { until: 40, then: 'break' })));
    const failed = socket.run<Chunks>(STREAM, { input });
    await failed.ended();
    models.script(citing(SAID, (text) => anthropic.streamReply(text)));
    expect((await ended(socket.run<Chunks>(STREAM, { input }))).at(-1)).toMatchObject({ isAnswered: true });
    expect(socket.closed).toEqual([]);
  });

  it('costs as many statements as the mutation, timelines and all', async () => {
    models.script(citing(SAID, (text) => anthropic.textReply(text)));
    const whole = await app.statementsOf(() => client.graphql(QUERY, { input }));
    models.script(citing(SAID, (text) => anthropic.streamReply(text)));
    const streamed = await app.statementsOf(() => ended(overSocket(input)));
    const ofMemories = (statements: string[]) => statements.filter((sql) => /\b(memories|chains)\b/.test(sql)).length;
    expect(ofMemories(streamed)).toBe(ofMemories(whole));
    expect(ofMemories(streamed)).toBeGreaterThan(2);
  });

  it('says that nothing is stored, without a model', async () => {
    models.script(anthropic.errorReply(500, 'api_error'));
    const operation = overSocket({ ...input, tenantId: 'empty' });
    const chunks = await ended(operation);
    expect(chunks.map(({ __typename }) => __typename)).toEqual(['AnswerToken', 'AnswerSentence', 'Answer']);
    expect(tokensOf(operation)).toBe('No memories found for this company yet.');
    expect(chunks.at(-1)).toMatchObject({ isAnswered: false, whole: tokensOf(operation), answeredBy: null });
    expect(models.requests).toEqual([]);
  });

  it('says what instant it speaks of, from its first token', async () => {
    models.script(citing(SAID, (text) => anthropic.streamReply(text, { characters: 1 })));
    const operation = overSocket({ ...input, asOf: { known: new Date().toISOString() } });
    const chunks = await ended(operation);
    expect(tokensOf(operation)).toMatch(/^As of \d{4}-\d\d-\d\d: Ann moved/);
    expect(chunks.find(({ index }) => index === 1)).toMatchObject({ isSupported: true });
    expect(chunks.at(-1)).toMatchObject({ textWithCitations: tokensOf(operation) });
  });
});
