import { AppError } from '../errors.js';
import { sha256, type Documents } from './read-documents.js';

/** What a request says of its document: the text, or an id of it in one of two forms. */
export interface Asked {
  query?: unknown;
  /** Of the GraphQL-over-HTTP draft's appendix: `sha256:<hex>`, or the id of a manifest. */
  documentId?: unknown;
  /** `persistedQuery.sha256Hash`: the form of Apollo's clients. */
  extensions?: unknown;
}

/**
 * The text to run: that of the request, or the listed one that it names by id. With a list (`documents`), nothing else runs,
 * and nobody adds to it. What is no text at all is left for the library to refuse.
 * @throws AppError PERSISTED_OPERATION_NOT_FOUND for what is not on the list, and for a text that is not the one of its id
 */
export function documentText(documents: Documents | undefined, asked: Asked): unknown {
  const id = idIn(asked);
  const { query } = asked;
  const isGiven = typeof query === 'string' && (query !== '' || id === undefined);
  if (!documents) {
    if (!isGiven && id !== undefined) throw refusal('This server keeps no operations: send the document itself.');
    return query;
  }
  if (!isGiven) {
    if (id === undefined) return query;
    return documents.get(id) ?? refuse('No such operation is persisted on this server.');
  }
  const text = documents.get(sha256(query));
  if (text === undefined) throw refusal('This server runs persisted operations alone, and this is none of them.');
  if (id !== undefined && documents.get(id) !== text) throw refusal('The document is not the one of its id.');
  return text;
}

/** Whether a document that is kept, to run later, may run. */
export const isListed = (documents: Documents | undefined, text: string): boolean =>
  documents === undefined || documents.has(sha256(text));

function idIn({ documentId, extensions }: Asked): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: { sha256Hash?: unknown } | null };
  const id = documentId ?? persistedQuery?.sha256Hash;
  return typeof id === 'string' ? id.replace(/^sha256:/, '').toLowerCase() : undefined;
}

const refusal = (message: string): AppError => new AppError('PERSISTED_OPERATION_NOT_FOUND', message);

const refuse = (message: string): never => {
  throw refusal(message);
};
