// Prints what is generated from the code: schema.graphql and openapi.json (committed), and typed documents for the tests (not committed).
// Run by `npm run codegen`, and before the tests. Needs no network and no server.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocumentNode from '@graphql-codegen/typed-document-node';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { parse, printSchema } from 'graphql';
import { schema } from './src/graphql/schema.js';
import { openApiText } from './src/rest/openapi/document.js';

const DOCUMENTS = path.join(import.meta.dirname, 'test/documents');
const GENERATED = path.join(import.meta.dirname, 'test/generated/documents.ts');

/** The schema in the order in which it is written in src/graphql/types. */
const sdl = `${printSchema(schema)}\n`;

async function readDocuments() {
  const names = (await readdir(DOCUMENTS)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      location: name,
      document: parse(await readFile(path.join(DOCUMENTS, name), 'utf8')),
    })),
  );
}

const typedDocuments = async (): Promise<string> =>
  codegen({
    filename: GENERATED,
    schema: parse(sdl),
    documents: await readDocuments(),
    config: {
      scalars: { DateTime: 'string', Cursor: 'string' },
      strictScalars: true,
      useTypeImports: true,
      enumType: 'string-literal',
    },
    plugins: [{ operations: {} }, { documents: {} }],
    pluginMap: { operations: typescriptOperations, documents: typedDocumentNode },
  });

await writeFile(path.join(import.meta.dirname, 'schema.graphql'), sdl);
await writeFile(path.join(import.meta.dirname, 'openapi.json'), openApiText());
await mkdir(path.dirname(GENERATED), { recursive: true });
await writeFile(GENERATED, await typedDocuments());
