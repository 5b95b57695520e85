import { AppError } from '../errors.js';
import type { WebhookTerms } from '../core/deps.js';
import { schema } from '../graphql/schema.js';
import { readDocument } from './document.js';

/** What the core asks of a webhook's URL and document. `isAllowed`: whether calls may go to a URL at all. */
export const webhookTerms = (isAllowed: (url: URL) => Promise<boolean>): WebhookTerms => ({
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
    readDocument(schema, text);
    return text;
  },
});
