import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  each,
  openSocket,
  operate,
  send,
  firstOutcome,
  sendEach,
  type Attack,
  type Sent,
  type Target,
} from '../../support/target.js';

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const DEEP_OBJECT = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
const LONG = Buffer.from(JSON.stringify({ content: 'a'.repeat(20_000_000), query: '{ planStatus { tier } }' }));
const POSTS = ['/agent/memories', '/agent/query', '/graphql'];

/** The head of a request whose body comes in chunks. */
const chunkedHead = (target: Target, path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${target.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;

const chunked = (piece: string, count: number): string =>
  `${piece.length.toString(16)}\r\n${piece}\r\n`.repeat(count) + '0\r\n\r\n';

const inEach = (target: Target, forms: [path: string, body: (deep: string) => string][]): Promise<string> =>
  sendEach(
    target,
    [DEEP, DEEP_OBJECT].flatMap((deep) => forms.map(([path, body]): Sent => ({ path, body: body(deep) }))),
  );

const ADD = 'mutation ($input: AddMemoriesInput!) { addMemories(input: $input) { __typename } }';

/** What is too long, too slow, or nested too deep to be read as a body. */
export const BODIES: Attack[] = [
  {
    name: 'a body of 20 MB that says so',
    expected: '413 BODY_TOO_LARGE',
    run: (target) =>
      each(POSTS, async (path) => {
        // Sent as it is read: to push it all at once would only show who closes first.
        const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${target.key}\r\nContent-Length: ${LONG.length}\r\n\r\n`;
        return firstOutcome(target, Buffer.concat([Buffer.from(head), LONG]));
      }),
  },
  {
    name: 'a body of 20 MB in chunks, without a length',
    expected: '413 BODY_TOO_LARGE',
    run: (target) =>
      each(POSTS, async (path) => {
        return firstOutcome(target, chunkedHead(target, path) + chunked('a'.repeat(64_000), 300));
      }),
  },
  {
    name: 'a body in 200,000 chunks of a byte',
    expected: '422 INVALID_INPUT',
    run: async (target) => {
      return firstOutcome(target, chunkedHead(target, '/agent/memories') + chunked('a', 200_000));
    },
  },
  {
    name: 'a gzip bomb of 100 MB as Content-Encoding, in 6 spellings',
    expected: '415 UNSUPPORTED_MEDIA_TYPE',
    run: (target) => {
      const body = gzipSync(Buffer.alloc(100_000_000));
      const codings = ['gzip', 'GZIP', 'x-gzip', 'gzip, gzip', 'identity, gzip', 'br'];
      const paths = [...POSTS, '/agent/memories/import'];
      return sendEach(
        target,
        paths.flatMap((path) =>
          codings.map((coding): Sent => ({ path, body, headers: { 'content-encoding': coding } })),
        ),
      );
    },
  },
  {
    name: '100,000 brackets as a REST body, and in its fields',
    expected: '422 INVALID_INPUT',
    run: (target) =>
      inEach(target, [
        ['/agent/memories', (deep) => deep],
        ['/agent/memories', (deep) => `{"content":${deep}}`],
        ['/agent/memories', (deep) => `{"messages":${deep}}`],
        ['/agent/memories', (deep) => `{"content":"deep","metadata":${deep}}`],
        ['/agent/query', (deep) => `{"question":"Who?","llm":{"extra":${deep}}}`],
        ['/agent/query', (deep) => `{"question":"Who?","as_of":${deep}}`],
      ]),
  },
  {
    name: '100,000 brackets as a GraphQL body, in variables and extensions',
    expected: '422 INVALID_INPUT',
    run: (target) =>
      inEach(target, [
        ['/graphql', (deep) => deep],
        ['/graphql', (deep) => `{"query":${deep}}`],
        ['/graphql', (deep) => `{"query":"{ planStatus { tier } }","extensions":${deep}}`],
        ['/graphql', (deep) => `{"query":"{ planStatus { tier } }","operationName":${deep}}`],
        ['/graphql', (deep) => `{"query":"{ planStatus { tier } }","variables":{"unused":${deep}}}`],
        ['/graphql', (deep) => `{"query":"${ADD}","variables":{"input":${deep}}}`],
        ['/graphql', (deep) => `{"query":"${ADD}","variables":{"input":{"messages":${deep}}}}`],
      ]),
  },
  {
    name: '100 brackets in variables, over HTTP and on a socket',
    expected: '200 INVALID_INPUT, INVALID_INPUT',
    run: async (target) => {
      const input = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) as unknown;
      const over = await sendEach(target, [{ path: '/graphql', body: { query: ADD, variables: { input } } }]);
      const socket = await openSocket(target);
      const on = await operate(socket, ADD, { input }, 'deep');
      socket.ws.close();
      return `${over}, ${on}`;
    },
  },
  {
    name: '100,000 brackets in rows of an import',
    expected: '200 INVALID_INPUT, INVALID_INPUT, INVALID_INPUT',
    run: async (target) => {
      const body = `${DEEP}\n{"content":${DEEP_OBJECT}}\n{"content":"row ${randomUUID()}","metadata":${DEEP}}\n`;
      const reply = await send(target, { path: '/agent/memories/import', body });
      const lines = reply.text.split('\n').filter((line) => line.includes('"line"'));
      const outcomes = lines.map((line) => /"code":"(\w+)"/.exec(line)?.[1] ?? /"status":"(\w+)"/.exec(line)?.[1]);
      return `${reply.status} ${outcomes.join(', ')}`;
    },
  },
  {
    name: '100,000 brackets in messages on a socket',
    expected: 'closed 4400',
    run: (target) =>
      each(
        [DEEP, `{"type":"subscribe","id":"a","payload":{"query":"${ADD}","variables":{"input":${DEEP}}}}`],
        async (text) => {
          const socket = await openSocket(target);
          socket.send(text);
          const reply = await socket.next(({ id }) => id === 'a');
          if (!reply) return `closed ${await socket.closed}`;
          const alive = await operate(socket, '{ planStatus { tier } }', {}, 'after');
          socket.ws.close();
          return alive === 'answered' ? (/"code":"(\w+)"/.exec(JSON.stringify(reply))?.[1] ?? 'no code') : alive;
        },
      ),
  },
];
