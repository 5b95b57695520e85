import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { expect } from 'vitest';
import type { Client } from './start-app.js';

/** Runs a typed document of test/documents through the GraphQL door and gives its data; errors fail the test. */
export async function ask<Data, Variables extends object>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { status, data, errors } = await client.graphql<Data>(print(document), variables);
  expect(errors).toBeUndefined();
  expect(status).toBe(200);
  return data;
}
