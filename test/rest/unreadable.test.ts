import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/start-app.js';
import { sendBytes, type Target } from '../support/target.js';

let app: TestApp;
let target: Target;
beforeAll(async () => {
  app = await startApp({ env: { PALIMPSEST_HEADERS_TIMEOUT_MS: '1000' } });
  target = { url: await app.listen(), key: (await app.newClient()).key };
});
afterAll(() => app.close());

describe('what can not be read as a request is refused as everything else is:', () => {
  it.each([
    ['noise', 'hello\r\n\r\n', 400, 'INVALID_INPUT'],
    ['a header without a colon', 'GET /health HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n', 400, 'INVALID_INPUT'],
    [
      'headers of 20 KB',
      `GET /health HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['headers that do not end', 'GET /health HTTP/1.1\r\nHost: x\r\n', 408, 'REQUEST_TIMEOUT'],
    [
      'the extension of a chunk of 20 KB',
      `POST /agent/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(20_000)}\r\n`,
      413,
      'BODY_TOO_LARGE',
    ],
    [
      'an upgrade to nothing',
      'GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      400,
      'INVALID_INPUT',
    ],
    [
      'a socket for a foreign page',
      'GET /graphql HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      403,
      'FORBIDDEN',
    ],
  ])('%s', async (_name, bytes, status, code) => {
    const reply = await sendBytes(target, bytes);
    const [head = '', body = ''] = reply.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} \\w`));
    expect(head).toMatch(/^content-type: application\/json$/im);
    expect(head).toMatch(/^connection: close$/im);
    expect(head).toMatch(/^x-request-id: [\w-]{36}$/im);
    expect(JSON.parse(body)).toEqual({ detail: expect.any(String) as unknown, code });
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  });
});
