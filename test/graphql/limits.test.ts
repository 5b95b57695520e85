import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let client: Client;
let url: string;

beforeAll(async () => {
  app = await startApp();
  client = await app.newClient();
  url = await app.listen();
  await client.rest('POST', '/agent/memories', { content: 'The bridge opens at noon' });
});
afterAll(() => app.close());

const nested = (depth: number): string => (depth === 0 ? 'id' : `id supersededBy { ${nested(depth - 1)} }`);
const inMemories = (selection: string, first = 1): string => `{ memories(first: ${first}) { nodes { ${selection} } } }`;

/** Documents that are made to be expensive, and what each goes beyond. */
const ATTACKS: [name: string, document: string, says: RegExp][] = [
  ['depth', inMemories(nested(30)), /nested deeper/],
  ['cost of lists in lists', inMemories('supersedes { supersedes { supersedes { id } } }', 100), /costs more/],
  [
    'cost by pages',
    inMemories(
      'audit { history { details { name value } } } timeline { entries { audit { history { details { name } } } } }',
      100,
    ),
    /costs more/,
  ],
  ['aliases', `{ ${Array.from({ length: 200 }, (_, i) => `a${i}: planStatus { tier }`).join(' ')} }`, /Aliases limit/],
  ['directives', `{ planStatus { tier ${'@include(if: true) '.repeat(200)} } }`, /Directives limit/],
  ['tokens', `{ planStatus { ${'tier '.repeat(5_000)} } }`, /tokens/],
  [
    'fragments that double',
    `{ planStatus { ...F0 } } ${Array.from({ length: 60 }, (_, i) => `fragment F${i} on PlanStatus { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F60 on PlanStatus { tier }`,
    /selects more than/,
  ],
  [
    'circular fragments',
    '{ planStatus { ...A } } fragment A on PlanStatus { ...B } fragment B on PlanStatus { ...A }',
    /Cannot spread fragment/,
  ],
  [
    'introspection in circles',
    `{ __schema { types { ${'fields { type { '.repeat(8)} name ${'} }'.repeat(8)} } } }`,
    /introspection depth/i,
  ],
];

describe('an operation made to be expensive', () => {
  it.each(ATTACKS)('%s: is refused over HTTP, and nothing is asked of the database', async (_name, query, says) => {
    const statements = await app.statementsOf(async () => {
      const { data, errors } = await client.graphql(query);
      expect(data).toBeFalsy();
      expect(errors?.[0]?.message).toMatch(says);
    });
    // The key alone.
    expect(statements.length).toBeLessThanOrEqual(1);
  });

  it.each(ATTACKS)('%s: is refused on a socket, which lives on', async (_name, query, says) => {
    const socket = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${client.key}` },
      retryAttempts: 0,
    });
    const ask = (document: string): Promise<unknown> =>
      new Promise((resolve) => {
        socket.subscribe(
          { query: document },
          { next: resolve, error: (errors) => resolve({ errors }), complete: () => undefined },
        );
      });
    const refused = (await ask(query)) as { data?: unknown; errors: { message: string }[] };
    expect(refused.data ?? null).toBeNull();
    expect(refused.errors[0]?.message).toMatch(says);
    expect(await ask('{ planStatus { tier } }')).toMatchObject({ data: { planStatus: { tier: 'pro' } } });
    await socket.dispose();
  });

  it('is refused as a subscription with its first message', async () => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${client.key}`,
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        query: `subscription { supersessions { ... on MemoryEvent { memory { ${nested(30)} } } } }`,
      }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    while (!text.includes('nested deeper')) {
      const { done, value } = await reader.read();
      expect(done).toBe(false);
      text += Buffer.from(value ?? []).toString();
    }
    await reader.cancel();
  });
});

describe('an operation that frontends send', () => {
  it.each([
    [
      'the largest page with timelines',
      inMemories(
        'id text state timeline { chainLength entries { id text validFrom validTo } } sourceCitation { channel }',
        100,
      ),
    ],
    ['the whole schema', getIntrospectionQuery()],
    [
      'twenty at once',
      `{ ${Array.from({ length: 20 }, (_, i) => `m${i}: memories(first: 10) { nodes { id text } }`).join(' ')} }`,
    ],
  ])('%s: is answered', async (_name, query) => {
    const { errors } = await client.graphql(query);
    expect(errors).toBeUndefined();
  });

  it('says what went beyond with a code and a field', async () => {
    const { errors } = await client.graphql(inMemories(nested(30)));
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field: 'query' } }]);
  });
});
