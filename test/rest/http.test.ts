import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRest, startApp, type Client, type TestApp } from '../support/start-app.js';
import { refusal, type WireRefusal } from '../support/wire.js';

const MAX_BODY = 4_096;

let app: TestApp;
let client: Client;
let url: string;

beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_MAX_BODY_BYTES: String(MAX_BODY), PALIMPSEST_BODY_TIMEOUT_MS: '100' } });
  client = await app.newClient();
  url = await app.listen();
});
afterAll(() => app.close());

const ENDPOINTS = [
  ['POST', '/agent/memories'],
  ['GET', '/agent/memories'],
  ['POST', '/agent/query'],
  ['GET', '/memories/ce7fa82f-347e-43c6-be58-9367d3e6635e/timeline'],
  ['GET', '/agent/settings'],
  ['PATCH', '/agent/settings'],
  ['GET', '/plan/status'],
] as const;

describe('every endpoint', () => {
  describe('401', () => {
    it.each(ENDPOINTS)('%s %s says that no key came', async (method, path) => {
      const { status, body } = await callRest<WireRefusal>(app, method, path, method === 'GET' ? undefined : {});
      expect(status).toBe(401);
      expect(body).toEqual({ detail: 'Not authenticated', code: 'UNAUTHENTICATED' });
    });

    it.each([
      'aurra_short',
      'Bearer',
      'Bearer ',
      'Bearer aurra_',
      'Bearer null',
      'Basic dXNlcjpwYXNz',
      `Bearer aurra_${'0'.repeat(12)}_${'0'.repeat(38)}`,
      'Bearer a b',
    ])('a header like %j is refused in one and the same words', async (authorization) => {
      const { status, body } = await callRest<WireRefusal>(app, 'GET', '/plan/status', undefined, { authorization });
      expect(status).toBe(401);
      expect(body).toEqual({ detail: 'Invalid API key', code: 'UNAUTHENTICATED' });
    });

    it('a key is refused whole if one character of it is wrong', async () => {
      for (const at of [8, 20, 40, client.key.length - 1]) {
        const other = client.key[at] === 'A' ? 'B' : 'A';
        const authorization = `Bearer ${client.key.slice(0, at)}${other}${client.key.slice(at + 1)}`;
        const { status } = await callRest(app, 'GET', '/plan/status', undefined, { authorization });
        expect(status).toBe(401);
      }
    });
  });

  describe('200', () => {
    it.each(['Bearer', 'bearer', 'BEARER'])('takes the scheme as %s', async (scheme) => {
      const { status } = await callRest(app, 'GET', '/plan/status', undefined, {
        authorization: `${scheme} ${client.key}`,
      });
      expect(status).toBe(200);
    });

    it('answers over a port as it does without one', async () => {
      const response = await fetch(`${url}/plan/status`, { headers: { authorization: `Bearer ${client.key}` } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(await response.json()).toEqual((await client.rest('GET', '/plan/status')).body);
    });
  });

  describe('404', () => {
    it.each([
      '/',
      '/agent',
      '/agent/memories/',
      '/agent/memories/x',
      '/v1/agent/memories',
      '/memories//timeline/',
      '/../etc/passwd',
    ])('knows no path %s', async (path) => {
      const { status, body } = await client.rest<WireRefusal>('GET', path);
      expect(status).toBe(404);
      expect(body).toEqual({ detail: 'Not Found', code: 'NOT_FOUND' });
    });
  });

  describe('405', () => {
    it.each([
      ['PUT', '/agent/memories', ['GET', 'POST']],
      ['GET', '/agent/query', ['POST']],
      ['DELETE', '/agent/settings', ['GET', 'PATCH']],
      ['POST', '/plan/status', ['GET']],
      ['POST', '/memories/ce7fa82f-347e-43c6-be58-9367d3e6635e/timeline', ['GET']],
    ])('%s %s names the methods that there are', async (method, path, allowed) => {
      const { status, headers, body } = await client.rest<WireRefusal>(method, path, method === 'GET' ? undefined : {});
      expect(status).toBe(405);
      expect(body).toEqual({ detail: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' });
      expect(headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(allowed));
    });
  });

  describe('413', () => {
    it('refuses a body that is longer than allowed, and takes the longest one that is', async () => {
      const sent = (length: number): string => {
        const frame = JSON.stringify({ question: '' });
        return JSON.stringify({ question: 'a'.repeat(length - frame.length) });
      };
      const { status, body } = await client.rest<WireRefusal>('POST', '/agent/query', sent(MAX_BODY + 1));
      expect(status).toBe(413);
      expect(body).toEqual(refusal('BODY_TOO_LARGE'));
      expect((await client.rest('POST', '/agent/query', sent(MAX_BODY))).status).toBe(200);
    });

    it('counts bytes, not characters', async () => {
      const { status } = await client.rest('POST', '/agent/query', { question: '東'.repeat(2_000) });
      expect(status).toBe(413);
    });

    it('counts what comes, where no length is announced', async () => {
      const chunk = new TextEncoder().encode('a'.repeat(1_000));
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          sent += 1;
          if (sent > 1_000) controller.close();
          else controller.enqueue(chunk);
        },
      });
      const response = await app.fetch(
        new Request('http://palimpsest/agent/query', { method: 'POST', body, duplex: 'half' } as RequestInit),
      );
      expect(response.status).toBe(413);
      expect(sent).toBeLessThan(20);
    });
  });

  // A proxy that takes a body in whole before it passes it on waits for ever.
  describe.skipIf(process.env['PRISM'] !== undefined)('408', () => {
    it.each([
      ['POST', '/agent/memories'],
      ['POST', '/agent/query'],
      ['PATCH', '/agent/settings'],
      ['DELETE', '/agent/memories'],
    ])('%s %s waits for its body so long and no longer, and the document says so', async (method, path) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{')),
      });
      const headers = { authorization: `Bearer ${client.key}`, 'content-type': 'application/json' };
      const init = { method, headers, body, duplex: 'half' } as RequestInit;
      const response = await app.fetch(new Request(`http://palimpsest${path}`, init));
      expect(response.status).toBe(408);
      expect(await response.json()).toEqual(refusal('REQUEST_TIMEOUT'));
    });
  });

  describe('422', () => {
    it.each(['[]', '[{"question":"Who?"}]', '"text"', '42', 'true', 'null'])(
      'refuses the body %s, which is no object',
      async (text) => {
        for (const [method, path] of ENDPOINTS.filter(([name]) => name === 'POST')) {
          const { status, body } = await client.rest<WireRefusal>(method, path, text);
          expect(status).toBe(422);
          expect(body).toEqual(refusal('INVALID_INPUT'));
        }
      },
    );
  });
});

describe('a page of another origin', () => {
  it('gets nothing of CORS unless origins are configured', async () => {
    const { headers } = await client.rest('GET', '/plan/status', undefined, { origin: 'https://app.example.com' });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('without a key', () => {
  it.each([
    ['/health', { status: 'ok' }],
    ['/ready', { status: 'ready' }],
  ])('%s says so', async (path, expected) => {
    const { status, body } = await callRest<unknown>(app, 'GET', path);
    expect(status).toBe(200);
    expect(body).toEqual(expected);
  });
});
