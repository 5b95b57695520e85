import { compress } from './compress.js';
import { withCors, type CorsOrigins } from './cors.js';
import { withRequestId } from './request-id.js';

type Answer = (request: Request) => Promise<Response>;

interface MannersOptions {
  corsOrigins: CorsOrigins;
  /** Called with what escaped both doors: a bug. */
  report: (error: unknown) => void;
  /** Called once a request is answered (its head, for a stream). */
  onAnswered: (line: RequestLine) => void;
}

/** What is said of a request in the log: no query string, which may hold words of a memory. */
export interface RequestLine {
  method: string;
  path: string;
  status: number;
  ms: number;
}

/** What HTTP asks of every answer, whichever door gives it: a request id, CORS, HEAD, compression, and never an exception. */
export function withManners(next: Answer, { corsOrigins, report, onAnswered }: MannersOptions): Answer {
  const guarded: Answer = async (request) => {
    try {
      return await compress(request, await next(asGet(request)));
    } catch (error) {
      report(error);
      return Response.json({ detail: 'Something went wrong on our side.', code: 'INTERNAL' }, { status: 500 });
    }
  };
  return (request) =>
    withRequestId(request, async () => {
      const startedAt = performance.now();
      // Some "hosts" and targets that Node's parser lets through are no URL: every door would fail on them.
      const response = URL.canParse(request.url)
        ? await withCors(request, corsOrigins, () => guarded(request))
        : Response.json({ detail: 'The request target is not valid.', code: 'INVALID_INPUT' }, { status: 400 });
      response.headers.set('x-content-type-options', 'nosniff');
      // A dependency is away: clients that come back at once would only be in its way.
      if (response.status === 503 && !response.headers.has('retry-after')) response.headers.set('retry-after', '1');
      const path = URL.canParse(request.url) ? shownPath(new URL(request.url).pathname) : '';
      onAnswered({ method: request.method, path, status: response.status, ms: performance.now() - startedAt });
      return request.method === 'HEAD' ? withoutBody(response) : response;
    });
}

/** What may stand in a path: words of routes, and ids. Anything else is somebody's text in the wrong place. */
const SEGMENT = /^([a-z.]{0,12}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i;
const shownPath = (path: string): string =>
  path
    .split('/', 8)
    .map((segment) => (SEGMENT.test(segment) ? segment : '…'))
    .join('/');

/** HEAD is GET up to the body. */
const asGet = (request: Request): Request =>
  request.method === 'HEAD'
    ? new Request(request.url, { method: 'GET', headers: request.headers, signal: request.signal })
    : request;

function withoutBody(response: Response): Response {
  void response.body?.cancel(); // a stream that nobody reads would go on
  return new Response(null, { status: response.status, headers: response.headers });
}
