import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startApp, type Client, type TestApp } from '../support/start-app.js';
import { openTransports, TRANSPORTS, type Send, type Transport } from '../support/transports.js';

const FRIEND = 'https://app.example.com';
const FOE = 'https://evil.example.com';

let app: TestApp;
let client: Client;
let url: string;
let send: Readonly<Record<Transport, Send>>;
let socket: WebSocket;

beforeAll(async () => {
  app = await startApp({
    env: { NODE_ENV: 'production', PALIMPSEST_CORS_ORIGINS: FRIEND, PALIMPSEST_MAX_SUBSCRIPTIONS: '2' },
  });
  client = await app.newClient();
  url = await app.listen();
  ({ send, socket } = await openTransports(url, client.key));
});
afterAll(async () => {
  socket.terminate();
  await app.close();
});

const overEach = it.each(TRANSPORTS);

describe('the schema in production', () => {
  overEach('is not told over %s', async (transport) => {
    for (const query of [
      getIntrospectionQuery(),
      '{ __type(name: "Memory") { name } }',
      '{ a: __schema { __typename } }',
    ])
      expect(await send[transport]({ query })).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  overEach('is not told through a fragment over %s', async (transport) => {
    const query = '{ ...F } fragment F on Query { ... { __schema { types { name } } } }';
    const { data, errors } = await send[transport]({ query });
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  overEach('is not guessed at name by name over %s', async (transport) => {
    const guesses: object[] = [
      { query: '{ memorie { nodes { id } } }' },
      { query: '{ memories { nodes { txt } } }' },
      { query: '{ memories(firs: 1) { nodes { id } } }' },
      { query: '{ ... on Quer { __typename } }' },
      { query: 'mutation { addMemories(input: { conten: "x" }) { cursor } }' },
      { query: '{ memories(filter: { states: [CURREN] }) { nodes { id } } }' },
      { query: 'mutation ($i: AddMemoriesInpu!) { addMemories(input: $i) { cursor } }', variables: { i: {} } },
      {
        query: 'mutation ($i: AddMemoriesInput!) { addMemories(input: $i) { cursor } }',
        variables: { i: { conten: 'x' } },
      },
    ];
    for (const guess of guesses) {
      const { errors } = await send[transport](guess);
      expect(errors?.length).toBeGreaterThan(0);
      expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
    }
  });

  overEach('tells the type of what is there over %s: clients need it', async (transport) => {
    expect(await send[transport]({ query: '{ __typename planStatus { __typename } }' })).toEqual({
      data: { __typename: 'Query', planStatus: { __typename: 'PlanStatus' } },
    });
  });

  it('is not guessed at through a webhook either', async () => {
    const { errors } = await client.graphql(
      `mutation { createWebhook(input: { url: "https://hooks.example.com/x", document: "subscription { memoryEvnts { cursor } }" }) { secret } }`,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'document' } }]);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
  });
});

const post = (headers: Record<string, string>, body: string): Promise<Response> =>
  fetch(`${url}/graphql`, { method: 'POST', headers, body });

describe('a page of another origin', () => {
  const MUTATION = 'mutation { addMemories(input: { content: "planted" }) { cursor } }';
  const authorization = () => `Bearer ${client.key}`;

  /** What a browser sends without asking first. */
  const SIMPLE: [type: string, body: string][] = [
    ['text/plain', JSON.stringify({ query: MUTATION })],
    ['text/plain; application/json', JSON.stringify({ query: MUTATION })],
    ['application/x-www-form-urlencoded', new URLSearchParams({ query: MUTATION }).toString()],
    [
      'multipart/form-data; boundary=b',
      `--b\r\nContent-Disposition: form-data; name="query"\r\n\r\n${MUTATION}\r\n--b--`,
    ],
    ['application/graphql', MUTATION],
    ['application/json, text/plain', JSON.stringify({ query: MUTATION })],
    ['application/json; charset=utf-16', JSON.stringify({ query: MUTATION })],
  ];

  it.each(SIMPLE)('can not post %s: 415, with a key as well', async (type, body) => {
    const response = await post({ 'content-type': type, origin: FOE, authorization: authorization() }, body);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] });
  });

  it.each(SIMPLE)('can not post %s with what a browser adds by itself: 401', async (type, body) => {
    for (const own of [
      { cookie: `authorization=Bearer ${client.key}` },
      { authorization: `Basic ${btoa(`key:${client.key}`)}` },
    ])
      expect((await post({ 'content-type': type, origin: FOE, ...own }, body)).status).toBe(401);
  });

  it('can not post without a content type', async () => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { origin: FOE, authorization: authorization() },
      body: new Blob([JSON.stringify({ query: MUTATION })]),
    });
    expect(response.status).toBe(415);
  });

  it('can not change anything by GET, nor name a key in the URL', async () => {
    const target = `${url}/graphql?query=${encodeURIComponent(MUTATION)}`;
    for (const accept of ['application/json', 'text/event-stream', '*/*']) {
      const refused = await fetch(target, { headers: { accept, authorization: authorization() } });
      expect(refused.status).toBe(405);
      expect(refused.headers.get('allow')).toBe('POST');
      expect(await refused.text()).toContain('"METHOD_NOT_ALLOWED"');
    }
    const named = await fetch(`${target}&authorization=${encodeURIComponent(authorization())}&key=${client.key}`);
    expect(named.status).toBe(401);
  });

  it('is not told that it may send more', async () => {
    const preflight = await fetch(`${url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: FOE,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    expect(preflight.headers.get('access-control-allow-headers')).toBeNull();
  });

  it('has stored nothing', async () => {
    expect((await client.graphql('{ memories { nodes { text } } }')).data).toEqual({ memories: { nodes: [] } });
  });

  const handshake = async (origin: string | undefined): Promise<number> => {
    const dialed = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      ...(origin ? { origin } : {}),
    });
    dialed.on('error', () => undefined);
    const refused = once(dialed, 'unexpected-response').then(
      ([, response]) => (response as IncomingMessage).statusCode ?? 0,
    );
    const status = await Promise.race([refused, once(dialed, 'open').then(() => 101)]);
    dialed.terminate();
    return status;
  };

  it.each([
    [FOE, 403],
    [`${FRIEND}.evil.example.com`, 403],
    ['http://app.example.com', 403],
    ['null', 403],
    [FRIEND, 101],
    [undefined, 101],
  ])('%s: its WebSocket is answered with %s', async (origin, status) => {
    expect(await handshake(origin)).toBe(status);
  });

  it('of our own origin may open a WebSocket', async () => {
    expect(await handshake(url)).toBe(101);
  });
});

describe('what is too much', () => {
  const ask = (body: string) =>
    post({ 'content-type': 'application/json', authorization: `Bearer ${client.key}` }, body);

  it('several operations in one request are refused', async () => {
    const response = await ask(
      JSON.stringify([{ query: '{ planStatus { tier } }' }, { query: '{ planStatus { tier } }' }]),
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ message: 'Batching is not supported.', extensions: { code: 'INVALID_INPUT' } }],
    });
  });

  it('a body that is too long is 413, told or not how long it is', async () => {
    const body = JSON.stringify({ query: '{ planStatus { tier } }', extensions: { filler: 'x'.repeat(1_100_000) } });
    const told = await ask(body);
    expect(told.status).toBe(413);
    expect(await told.json()).toMatchObject({ errors: [{ extensions: { code: 'BODY_TOO_LARGE' } }] });
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${client.key}` },
      });
      sent.on('response', (response) => resolve(response.statusCode));
      sent.on('error', reject);
      sent.write(body.slice(0, 600_000));
      sent.end(body.slice(600_000));
    });
    expect(status).toBe(413);
  });

  it('a URL that is too long is 414', async () => {
    const response = await fetch(
      `${url}/graphql?query=${encodeURIComponent(`{ planStatus { ${'tier '.repeat(1_200)} } }`)}`,
      {
        headers: { authorization: `Bearer ${client.key}` },
      },
    );
    expect(response.status).toBe(414);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'URI_TOO_LONG' } }] });
  });

  it.each([
    ['lists', '['.repeat(100_000), ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000) + '1', '}'.repeat(100_000)],
  ])('%s within one another a hundred thousand times are refused before they are read', async (_what, open, close) => {
    const response = await ask(`{"query":"{ planStatus { tier } }","variables":{"input":${open}${close}}}`);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      errors: [{ message: 'The body is nested too deep.', extensions: { code: 'INVALID_INPUT' } }],
    });
  });

  it.each([
    ['lists', '['.repeat(100), ']'.repeat(100)],
    ['objects', '{"a":'.repeat(100) + '1', '}'.repeat(100)],
  ])('%s within one another as variables are refused, and the server lives on', async (_what, open, close) => {
    const query = 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { cursor } }';
    for (const place of ['variables', 'extensions']) {
      const response = await ask(`{"query":${JSON.stringify(query)},"${place}":{"input":${open}${close}}}`);
      expect(response.status).toBeLessThan(500);
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'INVALID_INPUT', field: 'variables' } }],
      });
    }
    const frame = `{"id":"deep","type":"subscribe","payload":{"query":${JSON.stringify(query)},"variables":{"input":${open}${close}}}}`;
    socket.send(frame);
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({
      id: 'deep',
      type: 'error',
      payload: [{ extensions: { code: 'INVALID_INPUT', field: 'variables' } }],
    });
    expect(await send.WebSocket({ query: '{ __typename }' })).toEqual({ data: { __typename: 'Query' } });
  });

  overEach('literals within one another in the document are refused over %s', async (transport) => {
    const query = `mutation { addMemories(input: ${'['.repeat(50_000)}${']'.repeat(50_000)}) { cursor } }`;
    expect(await send[transport]({ query })).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
    });
  });

  overEach('pages are bounded over %s', async (transport) => {
    for (const query of ['{ memories(first: 101) { nodes { id } } }', '{ memories(first: 0) { nodes { id } } }'])
      expect(await send[transport]({ query })).toMatchObject({
        errors: [{ extensions: { code: 'INVALID_INPUT', field: 'first' } }],
      });
  });

  it('a message on a socket that is too long closes it', async () => {
    const { socket: other } = await openTransports(url, client.key);
    other.send('x'.repeat(1_100_000));
    const [code] = (await once(other, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('feeds are counted by key, whatever they come over', async () => {
    const feed = { query: 'subscription { memoryEvents { __typename } }' };
    const stop = new AbortController();
    const open = async (): Promise<string> => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${client.key}`,
          accept: 'text/event-stream',
          'content-type': 'application/json',
        },
        body: JSON.stringify(feed),
        signal: stop.signal,
      });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let text = '';
      while (!text.includes('data: ')) text += Buffer.from((await reader.read()).value ?? []).toString();
      return text;
    };
    const opened = await Promise.all([open(), open()]);
    expect(opened.join()).not.toContain('RATE_LIMITED');
    for (const transport of ['SSE', 'WebSocket'] as const)
      expect(await send[transport](feed)).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    stop.abort();
  });
});
