import Negotiator from 'negotiator';
import type { Plugin } from 'graphql-yoga';
import { AppError, STATUS, type ErrorCode } from '../errors.js';

export const JSON_TYPE = 'application/json';
export const RESPONSE_TYPE = 'application/graphql-response+json';
/** What a reply may come as; where a client likes all of them equally, the first that fits the result. */
const TYPES = [JSON_TYPE, RESPONSE_TYPE, 'text/event-stream', 'multipart/mixed'];
/** Node refuses a request whose line and headers are longer than 16 KiB together; a longer document is sent by POST. */
const MAX_URI = 8_192;
const PARTIAL_SUCCESS = 294;

/** What became of an operation, for the status of its reply. */
export interface Outcome {
  status?: number;
}

/**
 * The request with what it accepts in the order in which it likes it, by its q-values, of which the library knows nothing.
 * @throws AppError NOT_ACCEPTABLE, URI_TOO_LONG
 */
export function negotiated(request: Request): Request {
  if (request.url.length > MAX_URI)
    throw new AppError('URI_TOO_LONG', `The URL is longer than ${MAX_URI} characters: send the operation by POST.`);
  const accept = request.headers.get('accept');
  if (accept === null) return request;
  const types = new Negotiator({ headers: { accept: withoutParameters(accept) } }).mediaTypes(TYPES);
  if (types.length === 0) throw new AppError('NOT_ACCEPTABLE', `Replies come as ${TYPES.join(', ')}.`);
  if (!/;\s*q\s*=/i.test(accept)) return request;
  const headers = new Headers(request.headers);
  headers.set('accept', types.join(', '));
  const { url, method, signal, body } = request;
  return new Request(url, { method, headers, signal, body, ...(body ? { duplex: 'half' } : {}) });
}

/** `charset`, and what multipart replies are separated by, say nothing of whether a type is accepted. */
const withoutParameters = (accept: string): string =>
  accept
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';');
      return [type, ...parameters.filter((one) => /^\s*q\s*=/i.test(one))].join(';');
    })
    .join(',');

/** Notes which status the GraphQL-over-HTTP draft has for a result. */
export const draftStatus = (): Plugin => ({
  onResultProcess: ({ result, serverContext }) => {
    const { outcome } = serverContext as { outcome?: Outcome };
    if (!outcome || Array.isArray(result) || Symbol.asyncIterator in result || !result.errors) return;
    outcome.status = result.data === undefined ? statusOf(result.errors[0]?.extensions['code']) : PARTIAL_SUCCESS;
  },
});

/** Of a request that was not executed. Documents that can not be read are 400, as JSON is; those that do not fit the schema 422. */
function statusOf(code: unknown): number {
  if (code === 'GRAPHQL_PARSE_FAILED') return 400;
  return typeof code === 'string' && code in STATUS ? STATUS[code as ErrorCode] : STATUS.INVALID_INPUT;
}

/**
 * The reply as the draft has it: its statuses, and every failure as `application/graphql-response+json`, also to clients that
 * asked for application/json alone. Those are given 200 for a partial success: 294 is known to the other type alone.
 */
export function asDraft(response: Response, { status = response.status }: Outcome): Response {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/')) return response;
  const headers = new Headers(response.headers);
  const isFailure = status >= 400;
  if (isFailure && status !== STATUS.NOT_ACCEPTABLE) headers.set('content-type', `${RESPONSE_TYPE}; charset=utf-8`);
  const isKnown = status !== PARTIAL_SUCCESS || type.startsWith(RESPONSE_TYPE);
  return new Response(response.body, { status: isKnown ? status : 200, headers });
}
