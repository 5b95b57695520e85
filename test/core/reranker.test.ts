import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createReranker } from '../../src/models/reranker.js';
import {
  startModelServer,
  type ModelServer,
  type RecordedRequest,
  type ScriptedReply,
} from '../support/model-server.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

interface RerankBody {
  model?: string;
  query: string;
  documents?: string[];
  texts?: string[];
}

const SEARCH = `query ($first: Int, $after: String) { search(query: "Who keeps bees?", first: $first, after: $after) {
  edges { cursor node { score reranked recency importance memory { text } } } pageInfo { hasNextPage endCursor } } }`;
interface Found {
  search: {
    edges: { node: { score: number; reranked: number | null; recency: number; memory: { text: string } } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string };
  };
}
const TEXTS = ['Ines keeps bees on the roof', 'Otto sold his bees last year', 'Petra repairs clocks'];

let server: ModelServer<RerankBody>;
let app: TestApp;
let client: Client;

/** The longer a text, the better: an order that no other rule of the server would give. */
const byLength = ({ body: { documents = [] } }: RecordedRequest<RerankBody>): ScriptedReply => ({
  status: 200,
  body: { results: documents.map((text, index) => ({ index, relevance_score: text.length })).reverse() },
});

beforeAll(async () => {
  server = await startModelServer<RerankBody>();
  const env = { RERANKER_BASE_URL: `${server.origin}/v1/`, RERANKER_MODEL: 'judge-1', RERANKER_API_KEY: 'secret' };
  app = await startApp({ env: { ...env, PALIMPSEST_RECENCY_WEIGHT: '0.1', PALIMPSEST_MODEL_TIMEOUT_MS: '1500' } });
  client = await app.newClient();
  for (const content of TEXTS) await client.rest('POST', '/agent/memories', { content });
});
afterAll(async () => {
  await app.close();
  await server.close();
});
beforeEach(() => server.script(byLength));

const search = async (variables: object = {}): Promise<Found['search']> => {
  const { data, errors } = await client.graphql<Found>(SEARCH, variables);
  expect(errors).toBeUndefined();
  return data.search;
};
const textsOf = ({ edges }: Found['search']): string[] => edges.map(({ node }) => node.memory.text);

describe('a reranker', () => {
  it('has the last word on the order, and says so', async () => {
    const found = await search();
    expect(textsOf(found)).toEqual([
      'Otto sold his bees last year',
      'Ines keeps bees on the roof',
      'Petra repairs clocks',
    ]);
    expect(found.edges.map(({ node }) => node.reranked)).toEqual([28, 27, 20]);
    expect(server.requests[0]).toMatchObject({ path: '/v1/rerank', headers: { authorization: 'Bearer secret' } });
    expect(server.requests[0]?.body).toMatchObject({ model: 'judge-1', query: 'Who keeps bees?' });
    expect([...(server.requests[0]?.body.documents ?? [])].sort()).toEqual([...TEXTS].sort());
  });

  it('keeps its order from page to page', async () => {
    const { edges, pageInfo } = await search({ first: 2 });
    const next = await search({ first: 2, after: pageInfo.endCursor });
    const paged = [...edges, ...next.edges].map(({ node }) => node.memory.text);
    expect(paged).toEqual(textsOf(await search()));
    expect(next.pageInfo.hasNextPage).toBe(false);
  });

  it.each<[string, ScriptedReply]>([
    ['refuses', { status: 500, body: { detail: 'no' } }],
    ['breaks off', { status: 200, body: { results: [] }, isBroken: true }],
    ['is too slow', { status: 200, body: { results: [] }, isStalled: true }],
    ['leaves one out', { status: 200, body: { results: [{ index: 0, relevance_score: 1 }] } }],
    ['gives something else', { status: 200, body: '<html>' }],
  ])('that %s leaves the order as it was found', async (_name, reply) => {
    server.script(reply);
    const found = await search();
    expect(textsOf(found)).toHaveLength(3);
    const scores = found.edges.map(({ node }) => node.score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(found.edges.every(({ node }) => node.reranked === null && node.recency > 0.09)).toBe(true);
  });

  it("speaks the dialect of Hugging Face's TEI where no model is named", async () => {
    const config = { baseUrl: server.origin, model: undefined, apiKey: undefined, timeoutMs: 5_000 };
    server.script({ status: 200, body: [1, 0].map((index) => ({ index, score: index / 2 })) });
    expect(await createReranker(config).rerank('q', ['a', 'b'])).toEqual([0, 0.5]);
    expect(server.requests[0]).toMatchObject({ path: '/rerank', body: { query: 'q', texts: ['a', 'b'] } });
  });
});
