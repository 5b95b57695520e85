import type { Plugin } from 'graphql-yoga';
import { AppError } from '../errors.js';
import { documentText } from './persisted-operations.js';
import type { Documents } from './read-documents.js';

/** JSON within JSON, in variables and extensions: what walks through it by calling itself must not run out of stack. */
const MAX_JSON_DEPTH = 64;
const JSON_TYPE = /^application\/(?:graphql\+)?json\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;
const KNOWN = new Set(['query', 'operationName', 'variables', 'extensions']);

interface Rules {
  documents: Documents | undefined;
  /** Properties of a body that nobody knows are overlooked, instead of refused. */
  isDraft: boolean;
}

/** What a request over HTTP must be before its document is looked at. Sockets have the same of `assertShallow` and `documentText`. */
export const requestRules = ({ documents, isDraft }: Rules): Plugin => ({
  onRequestParse: ({ request: { method, headers } }) => {
    // Nothing that a page of another origin may send without a preflight: forms, and text/plain.
    if (method === 'POST' && !JSON_TYPE.test(headers.get('content-type') ?? ''))
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json, in UTF-8.');
  },
  onParams: ({ params, request, setParams }) => {
    if (typeof params !== 'object' || Array.isArray(params)) return; // the library says it better
    assertShallow(params);
    const { documentId = idInUrl(request), ...asked } = params as Record<string, unknown>;
    const query = documentText(documents, { ...asked, documentId });
    const known = isDraft ? Object.fromEntries(Object.entries(asked).filter(([name]) => KNOWN.has(name))) : asked;
    setParams({ ...known, ...(query === undefined ? {} : { query: query as string }) });
  },
});

const idInUrl = ({ method, url }: Request): string | undefined =>
  method === 'GET' ? (new URL(url).searchParams.get('documentId') ?? undefined) : undefined;

/** @throws AppError INVALID_INPUT for what is nested deeper than any input of ours */
export function assertShallow(params: object): void {
  let level: unknown[] = Object.values(params);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH)
      throw new AppError('INVALID_INPUT', `variables: are nested deeper than ${MAX_JSON_DEPTH} levels`, {
        field: 'variables',
      });
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [],
    );
  }
}
