import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withManners, type RequestLine } from '../../src/http/manners.js';
import { createLogger } from '../../src/logger.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

const ORIGIN = 'https://app.example.com';

let app: TestApp;
let client: Client;
let url: string;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_CORS_ORIGINS: `${ORIGIN}, http://localhost:5173` } });
  client = await app.newClient();
  url = await app.listen();
  for (let n = 1; n <= 5; n++) await client.rest('POST', '/agent/memories', { content: `Fact number ${n} of five.` });
});
afterAll(() => app.close());

const send = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  app.fetch(
    new Request(`http://palimpsest${path}`, {
      method,
      headers: { authorization: `Bearer ${client.key}`, ...headers },
      ...(body === undefined ? {} : { body }),
    }),
  );

/** Bytes as nobody's client would send them, and what comes back. */
async function exchange(request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(request, 'latin1');
  return text(socket);
}

/** The first line of that. */
async function raw(request: string): Promise<string> {
  const [line = ''] = (await exchange(request)).split('\r\n');
  return line;
}

describe('a request id', () => {
  it.each(['abc', 'c0ffee-01', 'trace:1/2+3=4', 'a'.repeat(128)])('%j is given back', async (id) => {
    expect((await send('GET', '/plan/status', { 'x-request-id': id })).headers.get('x-request-id')).toBe(id);
  });

  it.each(['', 'has space', 'ümlaut', 'a'.repeat(129), '<script>', '{"a":1}'])('%j is replaced', async (id) => {
    const { headers } = await send('GET', '/plan/status', { 'x-request-id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each(['/plan/status', '/graphql', '/health', '/nowhere'])('is on every reply: %s', async (path) => {
    const first = (await send('GET', path)).headers.get('x-request-id');
    const second = (await send('GET', path)).headers.get('x-request-id');
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
  });

  it.each([
    ['a method that no door is asked for', 'TRACE /plan/status HTTP/1.1\r\nHost: x'],
    ['a Host that is none', 'GET /plan/status HTTP/1.1\r\nHost: a b'],
    ['a target that is another path', 'GET /agent/../plan/status HTTP/1.1\r\nHost: x'],
  ])('is on the refusal of %s too', async (_what, head) => {
    const reply = await exchange(`${head}\r\nX-Request-Id: mine-1\r\nConnection: close\r\n\r\n`);
    expect(reply).toMatch(/^HTTP\/1\.1 40[05] /);
    expect(reply).toMatch(/\r\nx-request-id: mine-1\r\n/i);
  });

  it('is in the lines that are logged meanwhile, and in no other', async () => {
    const lines: { msg: string; requestId?: string }[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(JSON.parse(chunk.toString()) as (typeof lines)[number]);
        done();
      },
    });
    const logger = createLogger('info', { destination: sink });
    const answer = withManners(
      async () => {
        await Promise.resolve();
        logger.info('within');
        return new Response('ok');
      },
      { corsOrigins: [], report: () => undefined, onAnswered: () => undefined },
    );
    await answer(new Request('http://palimpsest/', { headers: { 'x-request-id': 'mine' } }));
    logger.info('outside');
    expect(lines.map(({ msg, requestId }) => [msg, requestId])).toEqual([
      ['within', 'mine'],
      ['outside', undefined],
    ]);
  });
});

describe('an answer that fails', () => {
  it('is reported, and says nothing of why', async () => {
    const reported: unknown[] = [];
    const answered: RequestLine[] = [];
    const bug = new Error('the secret reason');
    const answer = withManners(() => Promise.reject(bug), {
      corsOrigins: [],
      report: (error) => reported.push(error),
      onAnswered: (line) => answered.push(line),
    });
    const response = await answer(new Request('http://palimpsest/agent/memories?text=private'));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(reported).toEqual([bug]);
    expect(answered).toMatchObject([{ method: 'GET', path: '/agent/memories', status: 500 }]);
  });
});

describe('CORS', () => {
  const preflight = (origin: string, path = '/agent/memories') =>
    app.fetch(
      new Request(`http://palimpsest${path}`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      }),
    );

  it.each(['/agent/memories', '/graphql'])('a page of an allowed origin may ask and call %s', async (path) => {
    const { status, headers } = await preflight(ORIGIN, path);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-methods')?.split(', ')).toEqual(
      expect.arrayContaining(['GET', 'POST', 'PATCH', 'DELETE']),
    );
    expect(headers.get('access-control-allow-headers')).toMatch(/Authorization.*Content-Type.*Idempotency-Key/);
    expect(headers.get('vary')).toContain('Origin');
  });

  it('a reply, and a refusal, can be read by that page', async () => {
    for (const authorization of [`Bearer ${client.key}`, 'Bearer nothing']) {
      const { headers } = await send('GET', '/plan/status', { origin: ORIGIN, authorization });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(headers.get('access-control-expose-headers')).toContain('Retry-After');
      expect(headers.has('access-control-allow-credentials')).toBe(false);
    }
  });

  it.each(['https://evil.example', 'https://app.example.com.evil.example', 'http://app.example.com', 'null'])(
    'a page of %s may not',
    async (origin) => {
      expect((await preflight(origin)).headers.has('access-control-allow-origin')).toBe(false);
      const { headers } = await send('GET', '/plan/status', { origin });
      expect(headers.has('access-control-allow-origin')).toBe(false);
    },
  );
});

describe('HEAD', () => {
  it('is GET without the body', async () => {
    const response = await send('HEAD', '/plan/status');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.text()).toBe('');
    expect((await send('HEAD', '/nowhere')).status).toBe(404);
    expect((await send('HEAD', '/agent/query')).status).toBe(405);
  });
});

describe('what needs no key', () => {
  const ask = (method: string, path: string) => app.fetch(new Request(`http://palimpsest${path}`, { method }));

  it.each(['/openapi.json', '/docs', '/health', '/ready'])('%s can be read, and nothing else', async (path) => {
    expect((await ask('GET', path)).status).toBe(200);
    const head = await ask('HEAD', path);
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      const { status, headers } = await ask(method, path);
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
    const options = await ask('OPTIONS', path);
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  });

  it('is packed for whoever takes that', async () => {
    const request = new Request('http://palimpsest/openapi.json', { headers: { 'accept-encoding': 'br' } });
    const packed = Buffer.from(await (await app.fetch(request)).arrayBuffer());
    const whole = await (await ask('GET', '/openapi.json')).text();
    expect(brotliDecompressSync(packed).toString()).toBe(whole);
    expect(packed.length).toBeLessThan(whole.length / 4);
  });
});

describe('OPTIONS', () => {
  it('names the methods of a path', async () => {
    const { status, headers } = await send('OPTIONS', '/agent/memories');
    expect(status).toBe(204);
    expect(headers.get('allow')).toBe('POST, GET, HEAD, DELETE, OPTIONS');
  });
});

describe('compression', () => {
  const list = (accepted: string) => send('GET', '/agent/memories', { 'accept-encoding': accepted });
  const plain = async (): Promise<unknown> => (await client.rest('GET', '/agent/memories')).body;

  it.each([
    ['gzip', 'gzip', gunzipSync],
    ['br', 'br', brotliDecompressSync],
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['br;q=0.1, gzip;q=0.9', 'gzip', gunzipSync],
    ['*', 'br', brotliDecompressSync],
  ] as const)('of %j takes %s, and unpacks to the same', async (accepted, coding, unpack) => {
    const response = await list(accepted);
    expect(response.headers.get('content-encoding')).toBe(coding);
    expect(response.headers.get('vary')).toContain('Accept-Encoding');
    const body = JSON.parse(unpack(Buffer.from(await response.arrayBuffer())).toString()) as { memories: unknown[] };
    const whole = (await plain()) as { memories: { id: string }[] };
    expect(body.memories).toMatchObject(whole.memories.map(({ id }) => ({ id })));
  });

  it.each(['', 'identity', 'deflate', 'gzip;q=0, br;q=0', ';;;=,,'])('with %j sends plain JSON', async (accepted) => {
    const response = await list(accepted);
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(((await response.json()) as { count: number }).count).toBe(5);
  });

  it('leaves what is short as it is', async () => {
    expect((await send('GET', '/plan/status', { 'accept-encoding': 'br' })).headers.has('content-encoding')).toBe(
      false,
    );
  });

  it('never holds back a feed', async () => {
    const response = await send(
      'POST',
      '/graphql',
      { accept: 'text/event-stream', 'accept-encoding': 'br, gzip', 'content-type': 'application/json' },
      JSON.stringify({ query: 'subscription { supersessions { ... on FeedOpened { cursor } } }' }),
    );
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('content-encoding')).not.toMatch(/br|gzip/);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let seen = '';
    while (!seen.includes('cursor')) seen += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
  });
});

describe('deprecation', () => {
  const add = (body: object) =>
    send('POST', '/agent/memories', { 'content-type': 'application/json' }, JSON.stringify(body));

  it('is told to whoever still sends the word for importance', async () => {
    const { status, headers } = await add({ content: 'Likes tea.', importance: 'high' });
    expect(status).toBe(200);
    expect(headers.get('deprecation')).toMatch(/^@\d{10}$/);
    expect(headers.get('link')).toContain('rel="deprecation"');
  });

  it('is not told to others', async () => {
    expect((await add({ content: 'Likes milk.', importance_score: 8 })).headers.has('deprecation')).toBe(false);
  });
});

describe('415', () => {
  const query = '{"question": "Who?"}';
  const ask = (headers: Record<string, string>, body: BodyInit = query) =>
    app.fetch(
      new Request('http://palimpsest/agent/query', {
        method: 'POST',
        headers: { authorization: `Bearer ${client.key}`, ...headers },
        body,
      }),
    );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'json',
    'application/json; charset=utf-16',
    'application/json;charset="iso-8859-1"',
    ';',
  ])('refuses %s', async (type) => {
    const response = await ask({ 'content-type': type });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  it('refuses a compressed body', async () => {
    const response = await ask({ 'content-type': 'application/json', 'content-encoding': 'gzip' });
    expect(response.status).toBe(415);
  });

  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=UTF-8',
    'application/json;charset="utf-8"; v=1',
    'application/vnd.example+json',
  ])('takes %s', async (type) => {
    expect((await ask({ 'content-type': type })).status).toBe(200);
  });

  it('takes a body that does not say what it is', async () => {
    expect((await ask({}, new TextEncoder().encode(query))).status).toBe(200);
  });
});

describe('what no client should send', () => {
  const request = (target: string, extra = '', host = 'x') =>
    raw(
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${client.key}\r\nConnection: close\r\n${extra}\r\n`,
    );

  it.each([
    '//',
    '/%',
    '/%zz',
    '/%00',
    '/memories/%ff/timeline',
    '/memories/%00/timeline',
    '/memories/../../etc/passwd',
    '/agent/memories?tenant_id=%ff%fe',
    '/agent/memories?tenant_id=%00',
    '/agent/memories?%=%&==&&&',
    '/agent/memories?limit=99999999999999999999999999',
    '/agent/memories?limit=1e5&limit=2',
    '/agent/memories?as_of=%F0%9F%98%80',
    '/agent/memories?text=%ED%A0%80',
    '/agent/memories?source=%00',
    '/agent/memories?at_least=-1',
    '/agent/memories?state=__proto__',
    `/agent/memories?text=${'a'.repeat(9_000)}`,
    'http://x:99999/plan/status',
    '*',
  ])('GET %s is refused or answered, and no fault of the server', async (target) => {
    expect(await request(target)).toMatch(/^HTTP\/1\.1 (?:200|400|404|422) /);
  });

  it.each(['%', 'a b', 'x:99999', '[', '@', 'x/y?z#', ''])('Host %j neither', async (host) => {
    expect(await request('/plan/status', '', host)).toMatch(/^HTTP\/1\.1 (?:200|400|404) /);
  });

  it.each(['TRACE', 'CONNECT', 'PROPFIND', 'QUERY'])('the method %s neither', async (method) => {
    const line = await raw(
      `${method} /plan/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(line).toMatch(/^(?:HTTP\/1\.1 (?:400|405|501) |$)/);
  });

  it('a body that is no UTF-8 is refused and not stored in other words', async () => {
    const body = Buffer.concat([Buffer.from('{"content":"caf'), Buffer.from([0xe9]), Buffer.from('"}')]);
    const response = await app.fetch(
      new Request('http://palimpsest/agent/memories', {
        method: 'POST',
        headers: { authorization: `Bearer ${client.key}`, 'content-type': 'application/json' },
        body,
      }),
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'INVALID_JSON' });
  });

  it.each([
    ['{"question":"Who?","limit":1e999}', 422],
    ['{"question":"Who?","limit":123456789012345678901234567890}', 422],
    ['{"question":"\\ud800"}', 422],
    ['{"question":"Who?\\u0000"}', 422],
    ['{"question":"Who?","tenant_id":"\\udfff"}', 422],
    ['{"question":"Who?","sources":["\\u0000"]}', 422],
    ['{"question":"Who?","__proto__":{"limit":0},"constructor":1}', 200],
    ['{"question":"Who?","as_of":{"valid":"2026-01-01T00:00:00Z"}}', 422],
    [`{"question":"Who?","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 422],
    [`{"question":"Who?","x":${'['.repeat(100)}${']'.repeat(100)}}`, 200],
    [`{"question":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`, 422],
    ['\ufeff{"question":"Who?"}', 200],
    ['{"question":"Who?"}garbage', 400],
    ["{'question':'Who?'}", 400],
    ['{"question":NaN}', 400],
  ])('the body %.60s gives %i', async (body, status) => {
    expect((await client.rest('POST', '/agent/query', body)).status).toBe(status);
  });
});
