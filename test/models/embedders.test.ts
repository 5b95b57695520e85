import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readConfig, type RemoteEmbeddingConfig } from '../../src/config.js';
import { createEmbedder } from '../../src/models/create-embedder.js';
import { TextRefused, type Embedder } from '../../src/models/embedder.js';
import { cached } from '../../src/models/embedders/cache.js';
import { createRemoteEmbedder } from '../../src/models/embedders/openai.js';
import {
  embeddingReply,
  listReply,
  rawVector,
  startEmbeddingServer,
  toBase64,
  unitVector,
  type EmbeddingServer,
  type RecordedRequest,
} from '../support/embedding-server.js';
import { everythingOf, failure } from '../support/llm-inputs.js';
import { startModelServer, type ScriptedReply } from '../support/model-server.js';
import { errorReply } from '../support/openai-server.js';

const KEY = 'sk-embed-0123456789-secret';
const SECRET_TEXT = 'User keeps the spare key under the blue pot';
const DIMENSIONS = 6;

let server: EmbeddingServer;
beforeAll(async () => {
  server = await startEmbeddingServer(DIMENSIONS);
});
afterAll(() => server.close());
beforeEach(() => server.script(embeddingReply({ dimensions: DIMENSIONS })));

const connect = (overrides: Partial<RemoteEmbeddingConfig> = {}): Promise<Embedder> =>
  createRemoteEmbedder({
    provider: 'openai',
    baseUrl: server.baseUrl,
    apiKey: KEY,
    model: 'embed-test',
    dimensions: DIMENSIONS,
    batchSize: 4,
    timeoutMs: 5_000,
    concurrency: 8,
    ...overrides,
  });

const request = (index = 0): RecordedRequest => {
  const found = server.requests[index];
  if (!found) throw new Error(`No request ${index} came.`);
  return found;
};
const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `Text number ${i}`);

function expectVectors(received: readonly Float32Array[], of: readonly string[], dimensions = DIMENSIONS): void {
  expect(received).toHaveLength(of.length);
  received.forEach((vector, i) => {
    const expected = unitVector(of[i] ?? '', dimensions);
    expect(vector).toHaveLength(dimensions);
    expected.forEach((value, at) => expect(vector[at]).toBeCloseTo(value, 5));
  });
}

describe('a server that speaks OpenAI’s embeddings', () => {
  it('gives one unit vector per text, in order', async () => {
    const embedder = await connect();
    const vectors = await embedder.embed(['Ann lives in Oslo', 'Bo likes tea']);
    expectVectors(vectors, ['Ann lives in Oslo', 'Bo likes tea']);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    expect(request().path).toBe('/v1/embeddings');
    expect(request().headers.authorization).toBe(`Bearer ${KEY}`);
    expect(request().body).toEqual({
      model: 'embed-test',
      input: ['Ann lives in Oslo', 'Bo likes tea'],
      encoding_format: 'base64',
      dimensions: DIMENSIONS,
    });
  });

  it('may send lists of numbers although base64 was asked for', async () => {
    server.script(embeddingReply({ dimensions: DIMENSIONS, isList: true }));
    expectVectors(await (await connect()).embed(['a', 'b', 'c']), ['a', 'b', 'c']);
  });

  it('may send vectors in another order, or without numbers in the order of the texts', async () => {
    const data = ['a', 'b', 'c'].map((text, index) => ({ index, embedding: toBase64(rawVector(text, DIMENSIONS)) }));
    server.script(listReply(data.toReversed()), listReply(data.map(({ embedding }) => ({ embedding }))));
    const embedder = await connect();
    expectVectors(await embedder.embed(['a', 'b', 'c']), ['a', 'b', 'c']);
    expectVectors(await embedder.embed(['a', 'b', 'c']), ['a', 'b', 'c']);
  });

  it('is told neither an organisation nor a key of the environment, and no key where none is set', async () => {
    await (await connect({ apiKey: undefined })).embed(['a']);
    expect(request().headers).not.toHaveProperty('authorization');
    expect(request().headers).not.toHaveProperty('openai-organization');
  });

  it('is not asked about texts without a word: they say nothing', async () => {
    const embedder = await connect();
    const vectors = await embedder.embed(['', 'a', ' \n', 'b']);
    expectVectors(
      vectors.filter((_, i) => i % 2 === 1),
      ['a', 'b'],
    );
    expect(vectors[0]).toEqual(new Float32Array(DIMENSIONS));
    expect(vectors[2]).toEqual(new Float32Array(DIMENSIONS));
    expect(server.texts).toEqual(['a', 'b']);
    expect(await embedder.embed([])).toEqual([]);
    expect(await embedder.embed(['  '])).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  it('names the vector space by provider, model, dimensions and version, wherever the server stands', async () => {
    expect((await connect()).id).toBe('openai:embed-test:6:1');
    const elsewhere = await startEmbeddingServer(DIMENSIONS);
    expect((await connect({ baseUrl: elsewhere.baseUrl })).id).toBe('openai:embed-test:6:1');
    await elsewhere.close();
  });
});

describe('dimensions', () => {
  it('are asked for once, at start, where they are not set', async () => {
    const embedder = await connect({ dimensions: undefined });
    expect(embedder).toMatchObject({ dimensions: DIMENSIONS, id: 'openai:embed-test:6:1' });
    expect(server.requests).toHaveLength(1);
    expect(request().body).not.toHaveProperty('dimensions');
    await embedder.embed(['a']);
    expect(request(1).body).not.toHaveProperty('dimensions');
    expect(server.requests).toHaveLength(2);
  });

  it('end the start where they can not be had, saying how to do without', async () => {
    server.script(errorReply(401, `Incorrect API key ${KEY}`));
    const start = connect({ dimensions: undefined });
    await expect(start).rejects.toThrow(/refused the server's key\. With EMBEDDING_DIMENSIONS/);
    await expect(start).rejects.not.toThrow(KEY);
  });

  it('are checked with every reply', async () => {
    server.script(embeddingReply({ dimensions: 7 }));
    expect(await failure((await connect()).embed(['a']))).toMatchObject({
      code: 'UPSTREAM_FAILED',
      message: 'The embedding model gave a vector of 7 dimensions instead of 6.',
    });
    const long = toBase64(rawVector('a', 7));
    server.script(
      listReply([
        { index: 0, embedding: toBase64(rawVector('a', 6)) },
        { index: 1, embedding: long },
      ]),
    );
    await failure((await connect()).embed(['a', 'b']));
  });
});

describe('batches', () => {
  it('hold as many texts as are allowed, and their results keep the order', async () => {
    const many = texts(10);
    expectVectors(await (await connect()).embed(many), many);
    expect(server.requests.map(({ body }) => body.input.length).sort()).toEqual([2, 4, 4]);
  });

  it('hold no more characters than a call carries', async () => {
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${letter} `.repeat(11_000));
    await (await connect({ batchSize: 64 })).embed(many);
    expect(server.requests.map(({ body }) => body.input.length).sort()).toEqual([2, 4]);
  });

  it('run side by side, but never more than are allowed, of all requests together', async () => {
    server.script((asked) => ({ ...embeddingReply({ dimensions: DIMENSIONS })(asked), delayMs: 30 }));
    const embedder = await connect({ concurrency: 3, batchSize: 1 });
    await Promise.all([embedder.embed(texts(5)), embedder.embed(texts(5))]);
    expect(server.peak).toBe(3);
    expect(server.requests).toHaveLength(10);
  });

  it('send the beginning of an endless text, and never half a character', async () => {
    await (await connect()).embed([`${'x'.repeat(23_999)}😀 and more`]);
    const [sent = ''] = request().body.input;
    expect(sent).toBe('x'.repeat(23_999));
  });

  it('are cut in two when refused, until the text is found that is too long; of that the beginning counts', async () => {
    const good = embeddingReply({ dimensions: DIMENSIONS });
    server.script((asked) =>
      asked.body.input.some(({ length }) => length > 3_000) ? errorReply(400, 'too many tokens') : good(asked),
    );
    const long = 'y'.repeat(5_000);
    const vectors = await (await connect()).embed(['a', 'b', long, 'c']);
    expectVectors(vectors, ['a', 'b', 'y'.repeat(2_500), 'c']);
    expect(server.requests.length).toBeLessThanOrEqual(7);
  });

  it('are not a storm of calls where nothing helps', async () => {
    server.script(errorReply(400, 'this model takes no dimensions'));
    const error = await failure((await connect({ batchSize: 64 })).embed(texts(64)));
    expect(error).toBeInstanceOf(TextRefused);
    expect(server.requests).toHaveLength(7);
  });
});

describe('Voyage', () => {
  it('is told what a text is for, and its own name of the dimensions', async () => {
    const embedder = await connect({ provider: 'voyage', model: 'voyage-test' });
    await embedder.embed(['where does Ann live?'], 'query');
    await embedder.embed(['Ann lives in Oslo'], 'document');
    await embedder.embed(['Ann lives in Oslo']);
    expect(server.requests.map(({ body }) => body.input_type)).toEqual(['query', 'document', 'document']);
    expect(request().body).toEqual({
      model: 'voyage-test',
      input: ['where does Ann live?'],
      encoding_format: 'base64',
      input_type: 'query',
      output_dimension: DIMENSIONS,
    });
    expect(embedder.id).toBe('voyage:voyage-test:6:1');
  });
});

describe('failures of the server', () => {
  it.each([
    [400, 'UPSTREAM_FAILED', 'The embedding model refused a text.', 1],
    [401, 'UPSTREAM_FAILED', "The model provider refused the server's key.", 1],
    [403, 'UPSTREAM_FAILED', "The model provider refused the server's key.", 1],
    [404, 'UPSTREAM_FAILED', 'The model provider does not know the model that was asked for.', 1],
    [413, 'UPSTREAM_FAILED', 'The embedding model refused a text.', 1],
    [422, 'UPSTREAM_FAILED', 'The embedding model refused a text.', 1],
    [429, 'UPSTREAM_UNAVAILABLE', "The model provider's rate limit is reached. Try again later.", 3],
    [500, 'UPSTREAM_UNAVAILABLE', 'The model provider is not available. Try again later.', 3],
    [503, 'UPSTREAM_UNAVAILABLE', 'The model provider is not available. Try again later.', 3],
  ])('become %i -> %s, without a word of the text or the key', async (status, code, message, calls) => {
    server.script(errorReply(status, `${KEY} may not embed: ${SECRET_TEXT}`));
    const error = await failure((await connect()).embed([SECRET_TEXT]));
    expect(error).toMatchObject({ code, message });
    expect(error.cause).toMatchObject({ status, requestId: 'req_test1' });
    expect(everythingOf(error)).not.toContain(SECRET_TEXT);
    expect(everythingOf(error)).not.toContain(KEY);
    expect(server.requests).toHaveLength(calls);
  });

  it('pass unseen when a retry succeeds', async () => {
    server.script(errorReply(503), errorReply(429), embeddingReply({ dimensions: DIMENSIONS }));
    expectVectors(await (await connect()).embed(['a']), ['a']);
  });

  it.each<[string, ScriptedReply]>([
    ['too few vectors', listReply([{ index: 0, embedding: toBase64(rawVector('a', DIMENSIONS)) }])],
    ['one text twice', listReply([0, 0].map((index) => ({ index, embedding: toBase64(rawVector('a', DIMENSIONS)) })))],
    ['an index beyond', listReply([0, 2].map((index) => ({ index, embedding: toBase64(rawVector('a', DIMENSIONS)) })))],
    ['no numbers', listReply([0, 1].map((index) => ({ index, embedding: toBase64(new Float32Array(6).fill(NaN)) })))],
    ['null in a list', listReply([0, 1].map((index) => ({ index, embedding: [1, null, 1, 1, 1, 1] })))],
    ['words in a list', listReply([0, 1].map((index) => ({ index, embedding: ['1', '2', '3', '4', '5', '6'] })))],
    ['endless numbers', listReply([0, 1].map((index) => ({ index, embedding: [1e308, 1e308, 1, 1, 1, 1] })))],
    ['empty vectors', listReply([0, 1].map((index) => ({ index, embedding: [] })))],
    ['no data', { status: 200, body: { object: 'list' } }],
    ['a web page', { status: 200, body: '<html>hello</html>', headers: { 'content-type': 'text/html' } }],
    ['what claims to be JSON and is not', { status: 200, body: '{"data": [' }],
  ])('are replies with %s too', async (_, reply) => {
    server.script(reply);
    const error = await failure((await connect()).embed([SECRET_TEXT, 'b']));
    expect(error).toMatchObject({ code: 'UPSTREAM_FAILED', message: 'The model gave an unusable reply.' });
    expect(everythingOf(error)).not.toContain(SECRET_TEXT);
  });

  it('are a server that is not there', async () => {
    const gone = await startModelServer();
    await gone.close();
    const error = await failure((await connect({ baseUrl: `${gone.origin}/v1` })).embed([SECRET_TEXT]));
    expect(error).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'The model provider can not be reached.',
    });
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    expect(everythingOf(error)).not.toContain(KEY);
  });

  it.each<[string, Partial<ScriptedReply>, string]>([
    ['answers too late', { delayMs: 2_000 }, 'The model provider did not answer in time.'],
    ['stops in the middle of its reply', { isStalled: true }, 'The model provider did not answer in time.'],
    ['hangs up in the middle of its reply', { isBroken: true }, 'The model provider can not be reached.'],
  ])('are a server that %s', async (_, how, message) => {
    server.script((asked) => ({ ...embeddingReply({ dimensions: DIMENSIONS })(asked), ...how }));
    const embedder = await connect({ timeoutMs: 200 });
    expect(await failure(embedder.embed(['a']))).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', message });
  });

  it('stop the batches that have not begun', async () => {
    server.script(errorReply(401));
    await failure((await connect({ concurrency: 1, batchSize: 1 })).embed(texts(5)));
    expect(server.requests).toHaveLength(1);
  });
});

describe('the cache', () => {
  it('asks once for a text, whoever asks, and again for what it is used for', async () => {
    const embedder = cached(await connect());
    expectVectors(await embedder.embed(['a', 'b']), ['a', 'b']);
    expectVectors(await embedder.embed(['b', 'c', 'a']), ['b', 'c', 'a']);
    expect(server.texts).toEqual(['a', 'b', 'c']);
    await embedder.embed(['a'], 'query');
    await embedder.embed(['a'], 'query');
    expect(server.texts).toEqual(['a', 'b', 'c', 'a']);
    expect(embedder).toMatchObject({ id: 'openai:embed-test:6:1', dimensions: DIMENSIONS });
  });

  it('asks once for a text that is in one request twice, or in two at the same time', async () => {
    server.script((asked) => ({ ...embeddingReply({ dimensions: DIMENSIONS })(asked), delayMs: 30 }));
    const embedder = cached(await connect());
    const both = await Promise.all([embedder.embed(['a', 'b', 'a']), embedder.embed(['b', 'c'])]);
    expectVectors(both[0], ['a', 'b', 'a']);
    expectVectors(both[1], ['b', 'c']);
    expect(server.texts.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('forgets what was used longest ago', async () => {
    const embedder = cached(await connect(), 2 * 4 * DIMENSIONS);
    await embedder.embed(['a']);
    await embedder.embed(['b']);
    await embedder.embed(['a']);
    await embedder.embed(['c']); // b goes
    await embedder.embed(['a', 'c']);
    expect(server.texts).toEqual(['a', 'b', 'c']);
    await embedder.embed(['b']);
    expect(server.texts).toEqual(['a', 'b', 'c', 'b']);
  });

  it('gives a request all of its vectors, however many it is too small for', async () => {
    const many = texts(9);
    expectVectors(await cached(await connect(), 2 * 4 * DIMENSIONS).embed(many), many);
  });

  it('remembers no failure', async () => {
    const embedder = cached(await connect());
    server.script(errorReply(401), embeddingReply({ dimensions: DIMENSIONS }));
    await failure(embedder.embed(['a']));
    expectVectors(await embedder.embed(['a']), ['a']);
  });
});

describe('which embedder the settings name', () => {
  it('is the offline one unless they say otherwise', async () => {
    expect((await createEmbedder(readConfig({}))).id).toMatch(/^offline-/);
  });

  it('is that of a server, with its cache', async () => {
    const config = readConfig({ EMBEDDING_BASE_URL: server.baseUrl, EMBEDDING_MODEL: 'm' });
    const embedder = await createEmbedder(config);
    await embedder.embed(['a']);
    await embedder.embed(['a']);
    expect(embedder.id).toBe('openai:m:6:1');
    expect(server.texts).toHaveLength(2); // its dimensions, and the text
  });

  it('is no model in this process without the package that runs it: what to install is said', async () => {
    const config = readConfig({ EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: 'some/model' });
    await expect(createEmbedder(config)).rejects.toThrow(
      'EMBEDDING_PROVIDER=onnx needs a package that is not installed: npm install @huggingface/transformers',
    );
  });
});
