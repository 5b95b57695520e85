import {
  codeIn,
  each,
  firstOutcome,
  graphql,
  openSocket,
  operate,
  send,
  type Attack,
  type Target,
} from '../../support/target.js';

/** Over HTTP and on a socket, which must live on: both must give the same. */
const both = (target: Target, query: string): Promise<string> =>
  each([overHttp, onSocket], (transport) => transport(target, query));

const overHttp = async (target: Target, query: string): Promise<string> =>
  codeIn((await graphql(target, query)).text) ?? 'answered';

async function onSocket(target: Target, query: string): Promise<string> {
  const socket = await openSocket(target);
  const outcome = await operate(socket, query);
  const after = await operate(socket, '{ planStatus { tier } }', {}, 'after');
  socket.ws.close();
  return after === 'answered' ? outcome : `${outcome}, and then ${after}`;
}

const times = (count: number, one: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => one(n)).join(' ');

const inMemories = (selection: string): string => `{ memories(first: 1) { nodes { ${selection} } } }`;
const nested = (depth: number): string => (depth === 0 ? 'id' : `supersededBy { ${nested(depth - 1)} }`);
const nestedTwice = (depth: number): string =>
  depth === 0 ? 'id' : times(2, () => `supersededBy { ${nestedTwice(depth - 1)} }`);
/** Pairs of fragments that spread both of the next pair, in both orders, below fields that must be merged. */
const pairs = (count: number): string =>
  `${times(count, (n) => {
    const [a, b] = [`...A${n + 1}`, `...B${n + 1}`];
    return `fragment A${n} on Memory { supersededBy { ${a} ${b} } supersededBy { ${b} ${a} } } fragment B${n} on Memory { supersededBy { ${b} ${a} } supersededBy { ${a} } }`;
  })} fragment A${count} on Memory { id } fragment B${count} on Memory { id }`;

type Row = [name: string, expected: string, document: string];

const ROWS: Row[] = [
  ['200 aliases of one field', 'GRAPHQL_PARSE_FAILED', `{ ${times(200, (n) => `a${n}: planStatus { tier }`)} }`],
  ['fields nested 30 deep', 'INVALID_INPUT', inMemories(nested(30))],
  [
    'fragments that spread each other in a circle',
    'GRAPHQL_VALIDATION_FAILED',
    '{ planStatus { ...A } } fragment A on PlanStatus { ...B } fragment B on PlanStatus { ...A }',
  ],
  [
    'fragments that double, 60 times',
    'INVALID_INPUT',
    `{ planStatus { ...F0 } } ${times(60, (n) => `fragment F${n} on PlanStatus { ...F${n + 1} ...F${n + 1} }`)} fragment F60 on PlanStatus { tier }`,
  ],
  ['overlapping fields: one field 1,900 times', 'INVALID_INPUT', `{ planStatus { ${'tier '.repeat(1_900)} } }`],
  [
    'overlapping fields: 200 with arguments to compare',
    'answered',
    `{ ${'memories(first: 1) { totalCount } '.repeat(200)} }`,
  ],
  ['overlapping fields: two at each of 8 levels', 'INVALID_INPUT', inMemories(nestedTwice(8))],
  ['overlapping fields: 30 pairs of fragments, crossed', 'INVALID_INPUT', `${inMemories('...A0 ...B0')} ${pairs(30)}`],
  [
    'inline fragments nested 600 deep',
    'GRAPHQL_PARSE_FAILED',
    `{ planStatus { ${'... { '.repeat(600)} tier ${'}'.repeat(600)} } }`,
  ],
  ['5,000 tokens', 'GRAPHQL_PARSE_FAILED', `{ planStatus { ${'tier '.repeat(5_000)} } }`],
  ['900,000 characters of comment', 'answered', `#${'a'.repeat(900_000)}\n{ planStatus { tier } }`],
  ['a name of 900,000 characters', 'GRAPHQL_PARSE_FAILED', `{ ${'a'.repeat(900_000)} }`],
  [
    '200 directives on one field',
    'GRAPHQL_PARSE_FAILED',
    `{ planStatus { tier ${'@include(if: true) '.repeat(200)} } }`,
  ],
  ['40 unknown directives', 'GRAPHQL_VALIDATION_FAILED', `{ planStatus { tier ${times(40, (n) => `@a${n}`)} } }`],
  ['a directive given twice', 'GRAPHQL_VALIDATION_FAILED', '{ planStatus { tier @skip(if: false) @skip(if: false) } }'],
  ['180 operations, none of them named', 'INVALID_INPUT', times(180, (n) => `query Q${n} { planStatus { tier } }`)],
  [
    '450 variables that nothing uses',
    'GRAPHQL_VALIDATION_FAILED',
    `query (${times(450, (n) => `$v${n}: Int`)}) { planStatus { tier } }`,
  ],
  [
    'a list literal 900 brackets deep',
    'GRAPHQL_PARSE_FAILED',
    `{ memories(filter: { sources: ${'['.repeat(900)}${']'.repeat(900)} }) { totalCount } }`,
  ],
  [
    'introspection in circles',
    'GRAPHQL_VALIDATION_FAILED',
    `{ __schema { types { ${'fields { type { '.repeat(8)} name ${'} }'.repeat(8)} } } }`,
  ],
];

/** A document made to be expensive is refused before it runs, whichever transport brings it; or is cheap after all. */
export const DOCUMENTS: Attack[] = [
  ...ROWS.map(([name, expected, query]): Attack => ({ name, expected, run: (target) => both(target, query) })),
  {
    name: 'fields nested 30 deep, as a feed of server-sent events',
    expected: '200 INVALID_INPUT',
    run: async (target) => {
      const query = `subscription { supersessions { ... on MemoryEvent { memory { ${nested(30)} } } } }`;
      const body = JSON.stringify({ query });
      const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${target.key}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n`;
      return firstOutcome(target, head + body);
    },
  },
  {
    name: 'a batch of 1,000 operations in an array',
    expected: '400 INVALID_INPUT',
    run: async (target) => {
      const body = Array.from({ length: 1_000 }, () => ({ query: '{ planStatus { tier } }' }));
      const { status, text } = await send(target, { path: '/graphql', body });
      return `${status} ${codeIn(text) ?? ''}`;
    },
  },
  {
    name: 'a mutation hidden among 100 operations, another one asked for',
    expected: 'nothing written',
    run: async (target) => {
      const hidden = times(100, (n) => `mutation M${n} { addMemories(input: { content: "hidden" }) { __typename } }`);
      const body = { query: `query Q { planStatus { tier } } ${hidden}`, operationName: 'Q' };
      await send(target, { path: '/graphql', body });
      const { text } = await send(target, { path: '/agent/memories' });
      return text.includes('hidden') ? text : 'nothing written';
    },
  },
];
