import { connect } from 'node:net';
import {
  each,
  outcomeOf,
  send,
  sendBytes,
  sendEach,
  statusesIn,
  type Attack,
  type Target,
} from '../../support/target.js';

const QUESTION = '{"question":"Who?"}';
const LENGTH = QUESTION.length;

/** A head with this line, these headers and the attacker's key. */
const head = ({ key }: Target, line: string, ...headers: string[]): string =>
  [line, 'Host: x', `Authorization: Bearer ${key}`, ...headers, '', ''].join('\r\n');

/** The statuses of all replies to these bytes, each on a connection of its own. */
const statusesOf = (target: Target, forms: readonly string[]): Promise<string> =>
  each(forms, async (bytes) => statusesIn(await sendBytes(target, bytes)));

const post = (target: Target, ...headers: string[]): string => head(target, 'POST /agent/query HTTP/1.1', ...headers);
/** What would be taken for a request of its own if the one before it ended too soon. */
const smuggled = (target: Target): string => head(target, 'GET /plan/status HTTP/1.1', 'Connection: close');

const CHUNKED = ['Transfer-Encoding: chunked', 'Connection: close'];

const SMUGGLING: [name: string, expected: string, forms: (target: Target) => string[]][] = [
  [
    'a length and chunks at once',
    '400',
    (t) => [
      post(t, 'Content-Length: 5', 'Transfer-Encoding: chunked') + `0\r\n\r\n${smuggled(t)}`,
      post(t, 'Transfer-Encoding: chunked', `Content-Length: ${LENGTH}`) + `0\r\n\r\n${smuggled(t)}`,
    ],
  ],
  [
    'two lengths, equal ones too, lists, signs and hexadecimals',
    '400',
    (t) => [
      post(t, `Content-Length: ${LENGTH}`, 'Content-Length: 5') + QUESTION,
      post(t, `Content-Length: ${LENGTH}`, `Content-Length: ${LENGTH}`) + QUESTION,
      ...[`${LENGTH}, ${LENGTH}`, `+${LENGTH}`, '-1', '0x13', '1e1', '', `${LENGTH} ${LENGTH}`].map(
        (length) => post(t, `Content-Length: ${length}`) + QUESTION,
      ),
    ],
  ],
  [
    'a coding that only one of two readers would take for chunked',
    '400',
    (t) =>
      [
        'xchunked',
        'chunked, identity',
        'identity',
        'chunked;q=1',
        '"chunked"',
        'chunked\r\nTransfer-Encoding: identity',
      ].map((coding) => post(t, `Transfer-Encoding: ${coding}`) + `0\r\n\r\n${smuggled(t)}`),
  ],
  [
    'a name with a space before its colon, a folded line, a bare LF or CR',
    '400',
    (t) => [
      post(t, 'Content-Length : 5') + 'abcde',
      post(t, 'X-A: a\r\n b') + QUESTION,
      post(t, 'Transfer-Encoding:\r\n chunked') + '0\r\n\r\n',
      post(t, 'X-A: b\nContent-Length: 5') + 'abcde',
      post(t, 'X-A: b\rX-B: c') + QUESTION,
      smuggled(t).replaceAll('\r\n', '\n'),
    ],
  ],
  [
    'sizes of chunks that are wrong: signs, 0x, too large, too short, bare LF, a header after them',
    '400',
    (t) =>
      [
        `-1\r\n${QUESTION}\r\n0\r\n\r\n`,
        `0x13\r\n${QUESTION}\r\n0\r\n\r\n`,
        `FFFFFFFFFFFFFFFFF\r\n${QUESTION}\r\n0\r\n\r\n`,
        `5\r\n${QUESTION}\r\n0\r\n\r\n`,
        `13\n${QUESTION}\n0\n\n`,
        `13;a\nb\r\n${QUESTION}\r\n0\r\n\r\n`,
        `13\r\n${QUESTION}\r\n0\r\nContent-Length: 5\r\n\r\n`,
      ].map((body) => post(t, ...CHUNKED) + body),
  ],
  [
    'an extension of a chunk of 20,000 characters',
    '413',
    (t) => [post(t, ...CHUNKED) + `13;${'a'.repeat(20_000)}\r\n`],
  ],
  [
    'what is no HTTP/1: a greeting of TLS or of HTTP/2, another version, noise',
    '400',
    (t) =>
      [
        '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(200, '\x00'),
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        head(t, 'GET /plan/status HTTP/3.0'),
        head(t, 'GET /plan/status'),
        '\x00\x01\x02\x03'.repeat(100),
      ]
        .slice(0, 3)
        .concat('\x00\x01\x02\x03'.repeat(100)),
  ],
  [
    'a length that is less than what is sent',
    '400',
    (t) => [post(t, `Content-Length: ${LENGTH}`) + `${QUESTION}garbage\r\n\r\n`],
  ],
  [
    'no Host, two of them, and Hosts that hold a path',
    '400',
    (t) => [
      smuggled(t).replace('Host: x\r\n', ''),
      smuggled(t).replace('Host: x', 'Host: x\r\nHost: y'),
      ...['x/agent/memories?', 'x#', 'x\\y', 'a@x', 'x y', '[::1', 'x:1:2'].map((host) =>
        smuggled(t).replace('Host: x', `Host: ${host}`),
      ),
    ],
  ],
  [
    'a foreign Host, which is of no consequence',
    '200',
    (t) =>
      ['evil.example', '127.0.0.1:1', '[::1]:80', 'metadata.google.internal'].map((host) =>
        smuggled(t).replace('Host: x', `Host: ${host}`),
      ),
  ],
  [
    'an upgrade to what is not there, also with a body',
    '400',
    (t) => [
      head(
        t,
        'GET /plan/status HTTP/1.1',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAA',
      ),
      post(t, 'Connection: Upgrade', 'Upgrade: websocket', `Content-Length: ${LENGTH}`) + QUESTION + smuggled(t),
    ],
  ],
  [
    'HTTP/1.0 without a Host',
    '200',
    ({ key }) => [`GET /plan/status HTTP/1.0\r\nAuthorization: Bearer ${key}\r\n\r\n`],
  ],
  [
    'methods that there are not, or that would echo',
    '400, 405',
    (t) => ['TRACE', 'TRACK', 'PUT', 'PROPFIND', 'get', 'G\x00T'].map((method) => smuggled(t).replace('GET', method)),
  ],
  ['a header of 20,000 characters', '431', (t) => [head(t, 'GET /plan/status HTTP/1.1', `X-A: ${'a'.repeat(20_000)}`)]],
  [
    '3,000 headers',
    '431',
    (t) => [
      head(
        t,
        'GET /plan/status HTTP/1.1',
        'Connection: close',
        ...Array.from({ length: 3_000 }, (_, n) => `X-${n}: a`),
      ),
    ],
  ],
  [
    '300 requests in one write, none of them read',
    '300 times 200',
    (t) => [head(t, 'GET /health HTTP/1.1').repeat(299) + smuggled(t)],
  ],
];

const PATHS = [
  '/agent/../plan/status',
  '/agent/%2e%2e/plan/status',
  '/agent/.%2E/plan/status',
  '/./plan/status',
  '/plan/status/..',
  '/plan\\status',
  '/plan/status#x',
  '/memories/../../../../etc/passwd',
];
const ELSEWHERE = [
  '//plan/status',
  '/plan//status',
  '/plan/status/',
  '/plan/status%00',
  '/plan/status;a=b',
  '/PLAN/STATUS',
  '/%70lan/status',
  '/agent/..%2fplan/status',
  '/agent/..%5cplan/status',
  '/graphql/',
  '/graphql%2f',
  'http://evil.example/plan/status',
];

/** What is not, or not quite, a request. */
export const HTTP: Attack[] = [
  ...SMUGGLING.map(([name, expected, forms]): Attack => ({ name, expected, run: (t) => statusesOf(t, forms(t)) })),
  {
    name: 'paths with dot segments, a backslash or a fragment',
    expected: '400',
    run: (t) =>
      statusesOf(
        t,
        PATHS.map((path) => head(t, `GET ${path} HTTP/1.1`, 'Connection: close')),
      ),
  },
  {
    name: 'other spellings of a path, and a target that names another server',
    expected: '404',
    run: (t) =>
      statusesOf(
        t,
        ELSEWHERE.map((path) => head(t, `GET ${path} HTTP/1.1`, 'Connection: close')),
      ),
  },
  {
    name: 'headers and parameters that name another method',
    expected: '422 INVALID_INPUT',
    run: (target) =>
      sendEach(
        target,
        ['x-http-method-override', 'x-http-method', 'x-method-override'].map((name) => ({
          path: '/agent/memories?_method=DELETE',
          headers: { [name]: 'DELETE' },
          body: {},
        })),
      ),
  },
  {
    name: 'a request id that would be a header, a log line or a script',
    expected: 'replaced',
    run: (target) =>
      each(['a%0d%0aSet-Cookie: a=b', '{"level":60}', '<script>', 'a b', 'a'.repeat(5_000)], async (id) => {
        const { headers } = await send(target, { path: '/plan/status', headers: { 'x-request-id': id } });
        return /^[\da-f-]{36}$/.test(String(headers['x-request-id'])) && !headers['set-cookie'] ? 'replaced' : id;
      }),
  },
  {
    name: 'a page of a foreign origin: preflight, read, and write',
    expected: 'no CORS header',
    run: (target) =>
      each(['OPTIONS', 'GET', 'POST'], async (method) => {
        const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
        const reply = await send(target, {
          method,
          path: '/agent/memories',
          headers,
          ...(method === 'POST' && { body: {} }),
        });
        const told = Object.keys(reply.headers).filter((name) => name.startsWith('access-control'));
        return told.length === 0 ? 'no CORS header' : told.join(' ');
      }),
  },
  {
    name: 'keys that are missing, malformed, too long or of another scheme',
    expected: '401 UNAUTHENTICATED',
    run: (target) =>
      sendEach(
        target,
        [
          '',
          'Bearer',
          'Bearer x',
          `Basic ${target.key}`,
          `Bearer ${target.key}x`,
          `Bearer ${target.key} x`,
          `Bearer ${'a'.repeat(8_000)}`,
          `Bearer${' '.repeat(8_000)}x y`,
          "Bearer ' OR 1=1 --",
        ].flatMap((authorization) =>
          ['/plan/status', '/graphql?query={planStatus{tier}}'].map((path) => ({
            path,
            key: null,
            headers: { authorization },
          })),
        ),
      ),
  },
  {
    name: 'Accept, Accept-Encoding and Content-Type made of thousands of separators',
    expected: '200',
    run: (target) =>
      each([';,'.repeat(2_000), 'a/b;q=0.1,'.repeat(400), `${'*/*,'.repeat(1_000)}x`], async (value) =>
        outcomeOf(
          await send(target, {
            path: '/plan/status',
            headers: { accept: value, 'accept-encoding': value, 'content-type': value },
          }),
        ),
      ),
  },
  {
    name: 'headers that come drop by drop',
    expected: '408',
    run: (target) => dribble(target, 'GET /plan/status HTTP/1.1\r\n', 'X-A: a\r\n'),
  },
  {
    name: 'a body that comes drop by drop',
    expected: '408',
    run: (target) => dribble(target, post(target, 'Content-Type: application/json', 'Content-Length: 1000'), ' '),
  },
  {
    name: '50 clients that leave in the middle of their bodies',
    expected: 'nothing',
    run: async (target) => {
      const leave = (): Promise<void> =>
        new Promise((resolve) => {
          const socket = connect(Number(new URL(target.url).port), '127.0.0.1', () => {
            socket.write(post(target, 'Content-Length: 1000') + '{', () => socket.destroy());
          });
          socket.on('close', () => resolve()).on('error', () => undefined);
        });
      await Promise.all(Array.from({ length: 50 }, leave));
      return 'nothing';
    },
  },
];

/** Goes on sending until the server ends it; the status that it ended with. */
async function dribble({ url }: Target, begin: string, drop: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (part: Buffer) => (text += part.toString('latin1'))).on('error', () => undefined);
  socket.write(begin);
  const timer = setInterval(() => socket.write(drop), 50);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  clearInterval(timer);
  return statusesIn(text);
}
