import type { IncomingHttpHeaders } from 'node:http';

/** Origins that a page may call from: a list, or anywhere. Empty: none, and no CORS header at all. */
export type CorsOrigins = readonly string[];

const METHODS = 'GET, HEAD, POST, PATCH, DELETE';
const REQUEST_HEADERS = 'Authorization, Content-Type, Idempotency-Key, X-Request-Id, Last-Event-ID';
const REPLY_HEADERS = 'X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Deprecation, Link, Allow';
const PREFLIGHT_SECONDS = '600';

/**
 * Lets pages of the configured origins call, and answers their preflights. Keys travel in a header that scripts set
 * themselves, so credentials are never allowed: no page gets anything by a cookie.
 */
export async function withCors(
  request: Request,
  origins: CorsOrigins,
  answer: () => Promise<Response>,
): Promise<Response> {
  if (origins.length === 0) return answer();
  const allowed = allowedOrigin(request, origins);
  const response = isPreflight(request) ? preflight(allowed) : await answer();
  response.headers.append('vary', 'Origin'); // whoever caches must not give one origin's answer to another
  if (allowed !== null) {
    response.headers.set('access-control-allow-origin', allowed);
    response.headers.set('access-control-expose-headers', REPLY_HEADERS);
  }
  return response;
}

function allowedOrigin({ headers }: Request, origins: CorsOrigins): string | null {
  const origin = headers.get('origin');
  if (origin === null) return null;
  if (origins.includes('*')) return '*';
  return origins.includes(origin) ? origin : null;
}

/**
 * Whether a handshake for a WebSocket may go on. Programs send no `Origin`; a browser names the page's, which must be ours
 * or one that may call.
 */
export function mayConnect({ origin, host }: IncomingHttpHeaders, origins: CorsOrigins): boolean {
  if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

const isPreflight = ({ method, headers }: Request): boolean =>
  method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');

function preflight(allowed: string | null): Response {
  if (allowed === null) return new Response(null, { status: 204 });
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': PREFLIGHT_SECONDS,
    },
  });
}
