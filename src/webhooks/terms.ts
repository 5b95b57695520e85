import { AppError } from '../errors.js';
import type { WebhookTerms } from '../core/deps.js';
import { schema } from '../graphql/schema.js';
import { readDocument } from './document.js';

interface Terms {
  /** Whether calls may go to a URL at all. */
  isAllowed: (url: URL) => Promise<boolean>;
  /** Whether a document may run on this server. */
  mayRun: (document: string) => boolean;
}

/** What the core asks of a webhook's URL and document. */
export const webhookTerms = ({ isAllowed, mayRun }: Terms): WebhookTerms => ({
  acceptUrl: async (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || /[\\\s]/.test(text) || !(await isAllowed(url)))
      throw new AppError(
        'INVALID_INPUT',
        'url: must be an https URL of a public host, without credentials or fragment.',
        {
          field: 'url',
        },
      );
    return url.href;
  },
  acceptDocument: (text) => {
    if (!mayRun(text))
      throw new AppError(
        'PERSISTED_OPERATION_NOT_FOUND',
        'document: this server runs persisted operations alone, and this is none of them',
        { field: 'document' },
      );
    readDocument(schema, text);
    return text;
  },
});
