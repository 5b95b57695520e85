import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let client: Client;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_GRAPHQL_OVER_HTTP: 'draft' } });
  client = await app.newClient();
});
afterAll(() => app.close());

const RESPONSE = 'application/graphql-response+json';
const JSON_TYPE = 'application/json';

interface Sent {
  method?: string;
  accept?: string | null;
  headers?: Record<string, string>;
  query?: string;
}

async function send(body: unknown, { method = 'POST', accept = RESPONSE, headers = {}, query = '' }: Sent = {}) {
  const response = await app.fetch(
    new Request(`http://palimpsest/graphql${query}`, {
      method,
      headers: {
        authorization: `Bearer ${client.key}`,
        ...(accept === null ? {} : { accept }),
        ...(body === undefined ? {} : { 'content-type': JSON_TYPE }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const parsed = (text === '' ? {} : JSON.parse(text)) as {
    data?: unknown;
    errors?: { extensions: { code: string } }[];
  };
  const type = response.headers.get('content-type')?.split(';')[0];
  return { status: response.status, type, allow: response.headers.get('allow'), ...parsed };
}

const PLAN = '{ planStatus { tier } }';
const MISSING = 'memory(id: "3f1d4ac2-6b1a-4a57-9a86-0d4e8f6f9f10") { text }';
const ADD = 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }';

/** What the draft says of each, beginning with "Status Codes". */
const CASES: [what: string, body: unknown, status: number, code: string][] = [
  ['a body that is no JSON', 'NONSENSE', 400, 'INVALID_JSON'],
  ['a body that breaks off', '{"query":', 400, 'INVALID_JSON'],
  ['a body without a document', { qeury: '{ __typename }' }, 422, 'INVALID_INPUT'],
  ['a document that is no text', { query: 7 }, 422, 'INVALID_INPUT'],
  ['variables that are a list', { query: PLAN, variables: [7] }, 422, 'INVALID_INPUT'],
  ['extensions that are a text', { query: PLAN, extensions: 'x' }, 422, 'INVALID_INPUT'],
  ['an operation name that is no text', { query: PLAN, operationName: { a: 1 } }, 422, 'INVALID_INPUT'],
  ['a list of operations', [{ query: PLAN }], 422, 'INVALID_INPUT'],
  ['a document that can not be parsed', { query: '{' }, 400, 'GRAPHQL_PARSE_FAILED'],
  ['a document that does not fit the schema', { query: '{ nonsense }' }, 422, 'GRAPHQL_VALIDATION_FAILED'],
  ['an operation that is not there', { query: `query A ${PLAN}`, operationName: 'B' }, 422, 'INVALID_INPUT'],
  ['an operation that is not clear', { query: `query A ${PLAN} query B ${PLAN}` }, 422, 'INVALID_INPUT'],
  ['variables that do not fit', { query: ADD, variables: { input: { content: 7 } } }, 422, 'INVALID_INPUT'],
  ['a variable that is missing', { query: ADD }, 422, 'INVALID_INPUT'],
];

describe('in the mode of the GraphQL-over-HTTP draft', () => {
  it.each(CASES)('%s is a failed request', async (_what, body, status, code) => {
    const reply = await send(body);
    expect(reply).toMatchObject({ status, type: RESPONSE, errors: [{ extensions: { code } }] });
    expect('data' in reply).toBe(false);
  });

  it.each(CASES)('%s is the same to a client that takes application/json alone', async (_what, body, status, code) => {
    expect(await send(body, { accept: JSON_TYPE })).toMatchObject({
      status,
      type: RESPONSE,
      errors: [{ extensions: { code } }],
    });
  });

  it.each([
    ['in part', `{ planStatus { tier } ${MISSING} }`],
    ['as a whole', 'mutation { query(input: { question: " " }) { text } }'],
    ['as it costs too much', '{ memories(first: 100) { nodes { supersedes { supersedes { supersedes { id } } } } } }'],
  ])('what fails %s while it runs is 294, and 200 as application/json', async (_what, query) => {
    const reply = await send({ query });
    expect(reply).toMatchObject({ status: 294, type: RESPONSE });
    expect(reply.errors).toHaveLength(1);
    expect('data' in reply).toBe(true);
    expect(await send({ query }, { accept: JSON_TYPE })).toMatchObject({ status: 200, type: JSON_TYPE, errors: [{}] });
  });

  it('what succeeds is 200, in the type that is liked best', async () => {
    const data = { planStatus: { tier: 'pro' } };
    const TYPES: [accept: string | null, type: string][] = [
      [RESPONSE, RESPONSE],
      [JSON_TYPE, JSON_TYPE],
      [`${JSON_TYPE};q=0.5, ${RESPONSE};q=0.9`, RESPONSE],
      [`${RESPONSE};q=0.5, ${JSON_TYPE}`, JSON_TYPE],
      [`${RESPONSE}, ${JSON_TYPE};q=0.9`, RESPONSE],
      [`${RESPONSE};q=0, */*;q=0.1`, JSON_TYPE],
      [`${JSON_TYPE}; charset=utf-8`, JSON_TYPE],
      [`multipart/mixed;boundary="graphql";q=0.5,${RESPONSE};charset=utf-8`, RESPONSE],
      ['application/*', JSON_TYPE],
      ['*/*', JSON_TYPE],
      [null, JSON_TYPE],
    ];
    for (const [accept, type] of TYPES)
      expect(await send({ query: PLAN }, { accept })).toMatchObject({ status: 200, type, data });
  });

  it('properties that nobody knows are overlooked, and null is as if left out', async () => {
    const body = {
      query: PLAN,
      variables: null,
      operationName: null,
      extensions: null,
      onError: 'NULL',
      later: { a: 1 },
    };
    expect(await send(body)).toMatchObject({ status: 200, data: { planStatus: { tier: 'pro' } } });
  });

  it('GET with empty parameters is as without them', async () => {
    const query = `?query=${encodeURIComponent(PLAN)}&operationName=&variables=&extensions=`;
    expect(await send(undefined, { method: 'GET', query })).toMatchObject({ status: 200, data: {} });
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('%s is 405', async (method) => {
    expect(await send({ query: PLAN }, { method })).toMatchObject({ status: 405, allow: 'GET, POST' });
  });

  it('a mutation by GET is 405', async () => {
    const query = `?query=${encodeURIComponent('mutation { addMemories(input: { content: "x" }) { cursor } }')}`;
    expect(await send(undefined, { method: 'GET', query })).toMatchObject({
      status: 405,
      allow: 'POST',
      type: RESPONSE,
    });
  });

  it('a type that nothing comes as is 406', async () => {
    for (const accept of ['text/html', 'application/xml;q=0.9', `${RESPONSE};q=0`]) {
      const reply = await send({ query: PLAN }, { accept });
      expect(reply).toMatchObject({
        status: 406,
        type: JSON_TYPE,
        errors: [{ extensions: { code: 'NOT_ACCEPTABLE' } }],
      });
    }
  });

  it('a key that is none is 401, a body that is too long 413, one that is no JSON 415, a URL that is too long 414', async () => {
    expect(await send({ query: PLAN }, { headers: { authorization: 'Bearer x' } })).toMatchObject({
      status: 401,
      errors: [{}],
    });
    expect(await send({ query: 'x'.repeat(1_100_000) })).toMatchObject({ status: 413, errors: [{}] });
    expect(await send('x', { headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 415, errors: [{}] });
    const query = `?query=${'x'.repeat(8_200)}`;
    expect(await send(undefined, { method: 'GET', query })).toMatchObject({ status: 414, errors: [{}] });
  });

  it('an operation that is not persisted is 404', async () => {
    const body = { documentId: `sha256:${'0'.repeat(64)}` };
    expect(await send(body)).toMatchObject({
      status: 404,
      errors: [{ extensions: { code: 'PERSISTED_OPERATION_NOT_FOUND' } }],
    });
  });
});
