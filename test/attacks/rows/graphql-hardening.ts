import { createApiKey } from '../../../src/core/accounts.js';
import {
  codeIn,
  each,
  graphql,
  sendBytes,
  sendEach,
  statusesIn,
  type Attack,
  type Sent,
  type Target,
} from '../../support/target.js';
import type { Attacked } from '../../support/under-attack.js';

const WRITE = 'mutation { addMemories(input: { content: "planted" }) { cursor } }';
const BODY = JSON.stringify({ query: WRITE });
const FORMS: [type: string, body: string][] = [
  ['application/x-www-form-urlencoded', `query=${encodeURIComponent(WRITE)}`],
  ['text/plain', BODY],
  ['application/graphql', WRITE],
  ['application/json-seq', BODY],
  ['application/json; charset=utf-7', BODY],
  ['text/json', BODY],
  ['', BODY],
  [
    'multipart/form-data; boundary=x',
    `--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${BODY}\r\n--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n`,
  ],
];

/** What a handshake of a page of this origin gets. */
async function handshake(target: Target, origin: string): Promise<string> {
  const head = [
    'GET /graphql HTTP/1.1',
    `Host: ${new URL(target.url).host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
    `Origin: ${origin}`,
  ];
  return statusesIn(await sendBytes(target, `${head.join('\r\n')}\r\n\r\n`, /\r\n\r\n/));
}

/** What a page of another origin can make a browser send without asking; and the schema, which is not everybody's. */
export const HARDENING: Attack<Attacked>[] = [
  {
    name: 'a mutation by GET',
    expected: '405 METHOD_NOT_ALLOWED',
    run: (target) => sendEach(target, [{ path: `/graphql?query=${encodeURIComponent(WRITE)}` }]),
  },
  {
    name: `a mutation as a form, as multipart, as plain text and in ${FORMS.length - 3} other types`,
    expected: '415 UNSUPPORTED_MEDIA_TYPE',
    run: (target) =>
      sendEach(
        target,
        FORMS.map(([type, body]): Sent => ({ path: '/graphql', headers: { 'content-type': type }, body })),
      ),
  },
  {
    name: 'a WebSocket of a page of another origin',
    expected: '403',
    run: async (target) => {
      const outcomes = new Set<string>();
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1', `${target.url}.evil.example`]) {
        outcomes.add(await handshake(target, origin));
      }
      return [...outcomes].join(', ');
    },
  },
  {
    name: 'a WebSocket of a page of the server’s own origin',
    expected: '101',
    run: (target) => handshake(target, target.url),
  },
  {
    name: 'introspection and a name misspelt, by a key that may not read the schema',
    expected: 'FORBIDDEN, GRAPHQL_VALIDATION_FAILED and no name told',
    run: async ({ app, attacker, url }) => {
      const terms = { name: 'reader', accountId: attacker.caller.accountId, scopes: ['memories:read'] };
      const { key } = await createApiKey(app.deps, terms);
      return each(
        ['{ __schema { types { name } } }', '{ __type(name: "Query") { name } }', '{ memorie { id } }'],
        async (query) => {
          const { text } = await graphql({ url, key }, query);
          const told = /Did you mean|AddMemoriesInput/.test(text) ? ' and names told' : ' and no name told';
          return codeIn(text) === 'FORBIDDEN' ? 'FORBIDDEN' : `${codeIn(text) ?? 'answered'}${told}`;
        },
      );
    },
  },
];
