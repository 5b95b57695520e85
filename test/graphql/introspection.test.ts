import { buildClientSchema, getIntrospectionQuery, printSchema, type IntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.js';
import { callGraphql, startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let client: Client;

beforeAll(async () => {
  // A setting wins over what production has by itself.
  app = await startApp({ env: { NODE_ENV: 'production', PALIMPSEST_GRAPHQL_INTROSPECTION: 'true' } });
  client = await app.newClient();
});
afterAll(() => app.close());

describe('introspection', () => {
  it('gives a client the schema that the server runs', async () => {
    const { status, data, errors } = await client.graphql<IntrospectionQuery>(getIntrospectionQuery());
    expect(errors).toBeUndefined();
    expect(status).toBe(200);
    expect(printSchema(buildClientSchema(data))).toBe(printSchema(schema));
  });

  it('comes with help for who mistypes a name', async () => {
    const { errors } = await client.graphql('{ memorie { nodes { id } } }');
    expect(errors?.[0]?.message).toContain('Did you mean "memories"');
  });

  it('needs a key, as everything does', async () => {
    const { status, data, errors } = await callGraphql(app, {}, { query: getIntrospectionQuery() });
    expect(status).toBe(401);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  it('tells the concrete type of what a feed gives', () => {
    expect(schema.getType('SupersessionFeedItem')?.toString()).toBe('SupersessionFeedItem');
    expect(printSchema(schema)).toContain('union SupersessionFeedItem = FeedOpened | MemoryEvent');
  });
});
