import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'graphql';
import { MAX_TOKENS } from './limits.js';

/** Documents that may run, each by every id it is known by: the SHA-256 of its text in hex, and the id of its manifest. */
export type Documents = ReadonlyMap<string, string>;

/** Digests that build tools name documents by, told apart by their length in hex. Relay's compiler takes MD5 unless told otherwise. */
const DIGESTS: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };

export const sha256 = (text: string): string => digest('sha256', text);
const digest = (name: string, text: string): string => createHash(name).update(text, 'utf8').digest('hex');

/**
 * Reads the documents that are allowed: from one manifest (`.json`) or one document, or from a folder of them
 * (`*.json`, `*.graphql`, `*.gql`, not from folders in it). A manifest is a map from ids to texts, as Relay's compiler writes
 * it, or Apollo's, with its operations in a list.
 * @throws Error naming the file, and the entry whose id is not the digest of its text or whose text is no document
 */
export async function readDocuments(path: string): Promise<Documents> {
  const documents = new Map<string, string>();
  for (const file of await filesAt(path)) {
    const text = await readFile(file, 'utf8');
    const entries = file.endsWith('.json') ? entriesOf(text, file) : entriesOfText(text);
    for (const [id, document] of entries) add(documents, { id, document, file });
  }
  if (documents.size === 0) throw new Error(`${path} holds no persisted operation (PALIMPSEST_PERSISTED_OPERATIONS)`);
  return documents;
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.(json|graphql|gql)$/.test(name));
  return names.sort().map((name) => join(path, name));
}

/** An editor ends a file with a line break that a client's text has not: it runs with and without. */
const entriesOfText = (text: string): [id: undefined, document: string][] =>
  [...new Set([text, text.trimEnd()])].map((document) => [undefined, document]);

function entriesOf(text: string, file: string): [id: string, document: unknown][] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not valid JSON`, { cause: error });
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    throw new Error(`${file} is no map from ids to documents`);
  const { format, operations } = manifest as { format?: unknown; operations?: unknown };
  if (format !== 'apollo-persisted-query-manifest') return Object.entries(manifest);
  if (!Array.isArray(operations)) throw new Error(`${file}: operations is no list`);
  return (operations as { id?: unknown; body?: unknown }[]).map(({ id, body }) => [String(id), body]);
}

interface Entry {
  id: string | undefined;
  document: unknown;
  file: string;
}

/** Under what its text hashes to, whatever the manifest says: who could change an entry would else choose what runs under its id. */
function add(documents: Map<string, string>, { id, document, file }: Entry): void {
  const name = id ?? file;
  if (typeof document !== 'string') throw new Error(`${file}: the document of ${name} is no text`);
  try {
    parse(document, { noLocation: true, maxTokens: MAX_TOKENS });
  } catch (error) {
    throw new Error(`${file}: ${name} is no GraphQL document`, { cause: error });
  }
  documents.set(sha256(document), document);
  if (id === undefined) return;
  const hex = id.replace(/^sha256:/, '').toLowerCase();
  const algorithm = DIGESTS[hex.length];
  if (algorithm === undefined || digest(algorithm, document) !== hex)
    throw new Error(`${file}: ${id} is not the digest (SHA-256, SHA-1 or MD5, in hex) of its document`);
  documents.set(hex, document);
}
