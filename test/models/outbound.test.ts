import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/errors.js';
import { isPublicAddress } from '../../src/models/outbound/addresses.js';
import { assertAllowedBaseUrl } from '../../src/models/outbound/base-url.js';
import { createConnector, type Resolve } from '../../src/models/outbound/connector.js';
import { createGuardedFetch } from '../../src/models/outbound/guarded-fetch.js';
import { REFUSED_BY_THE_URL } from '../support/inside-urls.js';
import { type ModelServer, startModelServer } from '../support/model-server.js';

/** Stands for all that is inside: counts connections, and answers none. */
let canary: Server;
let port: number;
let connections = 0;
/** What it was sent. */
let received = 0;
/** A host that the operator named, unless a test says otherwise. */
let server: ModelServer<unknown>;

beforeAll(async () => {
  canary = createServer((socket) => {
    connections += 1;
    socket.on('data', (bytes) => (received += bytes.byteLength)).on('error', () => undefined);
    socket.setTimeout(200, () => socket.destroy());
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  port = (canary.address() as AddressInfo).port;
  server = await startModelServer();
});
afterAll(async () => {
  await server.close();
  await new Promise((resolve) => canary.close(resolve));
});
beforeEach(() => {
  connections = 0;
  received = 0;
});

/** A name service that gives each name these addresses. */
const always =
  (...addresses: string[]): Resolve =>
  (_, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

interface Guard {
  hosts?: string[];
  resolve?: Resolve;
  mostReplyBytes?: number;
}
const guarded = ({ hosts = [], resolve = always('127.0.0.1'), ...rest }: Guard = {}) =>
  createGuardedFetch({ hosts, resolve, timeoutMs: 500, ...rest });

const post = (fetch: ReturnType<typeof guarded>, url: string) => fetch(url, { method: 'POST', body: '{}' });
const AT = '{port}';

/** Look like URLs of the open internet: only what their name leads to gives them away. */
const REFUSED_BY_THE_ADDRESS: [url: string, ...addresses: string[]][] = [
  ['https://localtest.example:{port}/', '127.0.0.1'],
  ['https://127.0.0.1.nip.example:{port}/', '127.0.0.1'],
  ['https://metadata.example:{port}/', '169.254.169.254'],
  ['https://mapped.example:{port}/', '::ffff:127.0.0.1'],
  ['https://six.example:{port}/', '::1'],
  ['https://scoped.example:{port}/', 'fe80::1%lo'],
  ['https://any.example:{port}/', '0.0.0.0'],
  ['https://ula.example:{port}/', 'fd00::1'],
  ['https://both.example:{port}/', '93.184.215.14', '127.0.0.1'],
  ['https://last.example:{port}/', '2606:2800:21f::1', '93.184.215.14', '::1'],
  ['https://none.example:{port}/'],
  ['https://nonsense.example:{port}/', 'localhost'],
];

const at = (url: string): string => url.replace(AT, String(port));

describe('a base URL', () => {
  it('is refused in at least thirty forms', () => {
    expect(REFUSED_BY_THE_URL.length).toBeGreaterThan(30);
  });

  it.each([
    ...REFUSED_BY_THE_URL,
    'https://public.example/v1?',
    'https://public.example/v1#',
    'https://@public.example/',
    'https:\\\\public.example/',
    ' https://public.example/',
  ])('is refused early: %s', (form) => {
    const url = at(form);
    let thrown: unknown;
    try {
      assertAllowedBaseUrl(url, { hosts: [] });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AppError);
    expect(thrown).toMatchObject({ code: 'INVALID_INPUT', field: 'llm.baseUrl' });
    expect((thrown as AppError).message).not.toMatch(/\d|public\.example|secret/);
  });

  it.each([
    'https://api.openai.com/v1',
    'https://API.Example.com:8443/v1/',
    'https://1.1.1.1/v1',
    'https://[2606:4700:4700::1111]/v1',
    'https://xn--bcher-kva.example/',
  ])('is allowed on the open internet: %s', (url) => {
    expect(assertAllowedBaseUrl(url, { hosts: [] }).protocol).toBe('https:');
  });

  it.each([
    ['http://localhost:11434/v1', 'localhost:11434', true],
    ['https://localhost:11434/v1', 'localhost:11434', true],
    ['http://LOCALHOST:11434/v1', 'localhost:11434', true],
    ['http://localhost:11435/v1', 'localhost:11434', false],
    ['http://localhost/v1', 'localhost:80', true],
    ['http://vllm.internal:8000/v1', 'vllm.internal', true],
    ['https://vllm.internal/v1', 'vllm.internal', true],
    ['http://evil.vllm.internal/v1', 'vllm.internal', false],
    ['http://vllm.internal.evil.example/v1', 'vllm.internal', false],
    ['http://vllm.internal@evil.example/v1', 'vllm.internal', false],
    ['http://10.0.0.5:8000/v1', '10.0.0.5:8000', true],
    ['http://10.0.0.6:8000/v1', '10.0.0.5:8000', false],
    ['http://[::1]:8000/v1', '[::1]:8000', true],
    ['http://user:x@vllm.internal/v1', 'vllm.internal', false],
    ['ftp://vllm.internal/v1', 'vllm.internal', false],
  ])('%s is allowed with %s among the named hosts: %s', (url, host, isAllowed) => {
    const check = () => assertAllowedBaseUrl(url, { hosts: ['other.internal', host] });
    if (isAllowed) expect(check().hostname).not.toBe('');
    else expect(check).toThrow(AppError);
  });
});

describe('an address', () => {
  it.each(['1.1.1.1', '93.184.215.14', '2606:4700:4700::1111', '::ffff:1.1.1.1'])('is public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(['', 'localhost', '127.1', '0x7f000001', '2130706433', '::ffff:10.0.0.1', '2606:4700::1%eth0', '1.1.1.1 '])(
    'is not public: "%s"',
    (address) => {
      expect(isPublicAddress(address)).toBe(false);
    },
  );
});

describe('a connection', () => {
  it.each(REFUSED_BY_THE_URL)('is not made to %s', async (form) => {
    await expect(post(guarded(), at(form))).rejects.toThrow();
    expect(connections).toBe(0);
  });

  it.each(REFUSED_BY_THE_ADDRESS)('is not made to %s, which leads to %s', async (form, ...addresses) => {
    expect(assertAllowedBaseUrl(at(form), { hosts: [] }).href).toBe(at(form));
    const error: unknown = await post(guarded({ resolve: always(...addresses) }), at(form)).catch((e: unknown) => e);
    expect(error).toMatchObject({ cause: { code: 'ERR_ADDRESS_BLOCKED' } });
    expect(connections).toBe(0);
  });

  it('would be counted if it were made', async () => {
    for (const hosts of [['inside.example'], [`inside.example:${port}`], ['other.internal', 'inside.example']]) {
      const before = connections;
      await expect(post(guarded({ hosts }), `https://inside.example:${port}/`)).rejects.toThrow();
      await expect(post(guarded({ hosts }), `http://inside.example:${port}/`)).rejects.toThrow();
      expect(connections).toBe(before + 2);
    }
  });

  it('goes where the name led when it was looked at, not where it leads a moment later', async () => {
    // The first address is of a range that nobody was given: public by its look, and silent.
    const answers = ['2d00::1', '127.0.0.1', '127.0.0.1'];
    const asked: string[] = [];
    const rebinding: Resolve = (hostname, done) => {
      asked.push(hostname);
      always(answers[asked.length - 1] ?? '127.0.0.1')(hostname, done);
    };
    const fetch = guarded({ resolve: rebinding });
    const url = `https://rebinding.example:${port}/`;
    const first: unknown = await post(fetch, url).catch((error: unknown) => error);
    expect(asked).toHaveLength(1);
    expect(first).not.toMatchObject({ cause: { code: 'ERR_ADDRESS_BLOCKED' } });
    for (let again = 0; again < 2; again += 1)
      await expect(post(fetch, url)).rejects.toMatchObject({ cause: { code: 'ERR_ADDRESS_BLOCKED' } });
    expect(asked).toHaveLength(3);
    expect(connections).toBe(0);
  });

  it('is broken off before a byte is sent if it ended elsewhere all the same', async () => {
    let looks = 0;
    // What the check reads is public; what the system reads afterwards is not.
    const changing = {
      family: 4,
      get address() {
        looks += 1;
        return looks === 1 ? '93.184.215.14' : '127.0.0.1';
      },
    };
    const fetch = guarded({ resolve: (_, done) => done(null, [changing]) });
    await expect(post(fetch, `https://changing.example:${port}/`)).rejects.toMatchObject({
      cause: { code: 'ERR_ADDRESS_BLOCKED' },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(connections).toBe(1);
    expect(received).toBe(0);
  });

  it.each([
    ['https:', '127.0.0.1'],
    ['https:', '[::1]'],
    ['https:', '::ffff:127.0.0.1'],
    ['http:', '127.0.0.1'],
    ['http:', 'public.example'],
  ])('is refused by the connector itself as well: %s//%s', async (protocol, hostname) => {
    const connect = createConnector({ hosts: ['other.internal'], connectTimeoutMs: 500, resolve: always('127.0.0.1') });
    const error = await new Promise((resolve) =>
      connect({ protocol, hostname, port: String(port) }, (...[failed]) => resolve(failed)),
    );
    expect(error).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    expect(connections).toBe(0);
  });

  it('does not go through a proxy', async () => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'])
      vi.stubEnv(name, `http://127.0.0.1:${port}`);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    server.script({ status: 200, body: {} });
    const response = await post(guarded({ hosts: ['127.0.0.1'] }), server.origin);
    expect(response.status).toBe(200);
    expect(connections).toBe(0);
  });
  afterEach(() => vi.unstubAllEnvs());
});

describe('a reply', () => {
  const toServer = (options: Guard = {}) =>
    post(guarded({ hosts: [`127.0.0.1:${server.port}`], ...options }), server.origin);

  it.each([301, 302, 303, 307, 308])('that redirects with %i is not followed, wherever it leads', async (status) => {
    for (const location of [
      `http://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `${server.origin}/again`,
      '/again',
    ]) {
      server.script({ status, body: '', headers: { location } }, { status: 200, body: {} });
      await expect(toServer()).rejects.toThrow();
      expect(server.requests).toHaveLength(1);
    }
    expect(connections).toBe(0);
  });

  it('arrives with its status, body and headers, but for cookies', async () => {
    server.script({ status: 418, body: { a: 'ü' }, headers: { 'x-one': '1', 'set-cookie': 'a=b' } });
    const response = await toServer();
    expect([response.status, response.headers.get('x-one'), response.headers.get('set-cookie')]).toEqual([
      418,
      '1',
      null,
    ]);
    expect(await response.json()).toEqual({ a: 'ü' });
  });

  it('ends at the limit, as it is or out of a compressed body', async () => {
    server.script({ status: 200, body: 'x'.repeat(20_000) });
    await expect(toServer({ mostReplyBytes: 10_000 }).then((response) => response.text())).rejects.toThrow();
    const zip = gzipSync(Buffer.alloc(20 * 1_048_576));
    expect(zip.byteLength).toBeLessThan(100_000);
    server.script({ status: 200, body: zip, headers: { 'content-encoding': 'gzip' } });
    await expect(toServer().then((response) => response.text())).rejects.toThrow(/longer than any model/);
    server.script({ status: 200, body: gzipSync('{"a":1}'), headers: { 'content-encoding': 'gzip' } });
    expect(await toServer().then((response) => response.json())).toEqual({ a: 1 });
  });

  it('that never comes, or never ends, is given up', async () => {
    server.script({ status: 200, body: 'late', delayMs: 5_000 });
    await expect(toServer()).rejects.toThrow();
    server.script({ status: 200, body: 'half of it', isStalled: true });
    await expect(toServer().then((response) => response.text())).rejects.toThrow();
  });

  it('stops when the caller does', async () => {
    server.script({ status: 200, body: 'half of it', isStalled: true });
    const stop = new AbortController();
    const fetch = guarded({ hosts: ['127.0.0.1'] });
    const response = await fetch(server.origin, { method: 'POST', body: '{}', signal: stop.signal });
    const reading = response.text();
    stop.abort();
    await expect(reading).rejects.toThrow(/abort/i);
  });
});

describe('a request', () => {
  it('carries the headers that a call needs, and no other', async () => {
    server.script({ status: 200, body: {} });
    const headers = {
      authorization: 'Bearer x',
      'api-key': 'y',
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      'x-stainless-os': 'Linux',
      cookie: 'a=b',
      'x-operator-token': 'secret',
      host: 'inside.example',
    };
    await guarded({ hosts: ['127.0.0.1'] })(server.origin, { method: 'POST', body: '{}', headers });
    const sent = server.requests[0]?.headers ?? {};
    expect(sent).toMatchObject({ authorization: 'Bearer x', 'api-key': 'y', 'anthropic-version': '2023-06-01' });
    expect(sent.host).toBe(`127.0.0.1:${server.port}`);
    for (const name of ['x-stainless-os', 'cookie', 'x-operator-token']) expect(sent).not.toHaveProperty(name);
  });
});
