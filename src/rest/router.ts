import { authenticate } from '../core/authenticate.js';
import type { Deps } from '../core/deps.js';
import { AppError, toAppError } from '../errors.js';
import type { ReportBug, Route } from './call.js';
import { ROUTES } from './routes.js';
import { toWireName, wireMessage } from './wire.js';

/** The REST door: match, authenticate, parse JSON, run, render. */
export function createRestDoor(deps: Deps, report: ReportBug) {
  return {
    /** Whether a request's body is read as it comes, and bounded, by its route. */
    isStreamed: ({ method, url }: Request): boolean =>
      matchPath(new URL(url).pathname).some(({ route }) => route.isStreamed && route.method === method),
    fetch: async (request: Request): Promise<Response> => {
      const url = new URL(request.url);
      const matches = matchPath(url.pathname);
      const found = matches.find(({ route }) => route.method === request.method);
      if (!found) return refuse(matches.map(({ route }) => route.method));
      try {
        const reply = await run(deps, report, request, url, found);
        return reply instanceof Response ? reply : Response.json(reply);
      } catch (error) {
        const appError = toAppError(error);
        if (appError.code === 'INTERNAL') report(error);
        return render(appError, found.route);
      }
    },
  };
}

interface Match {
  route: Route;
  path: Record<string, string>;
}

async function run(deps: Deps, report: ReportBug, request: Request, url: URL, { route, path }: Match): Promise<object> {
  const { headers, signal } = request;
  const caller = await authenticate(deps, headers.get('authorization'));
  const hasBody = ['POST', 'PATCH'].includes(route.method) && !route.isStreamed;
  const text = hasBody ? await request.text() : '{}';
  const body = text === '' && route.isBodyOptional ? {} : toObject(text);
  return route.run({
    deps,
    caller,
    path,
    query: url.searchParams,
    headers,
    body,
    bytes: bytesOf(request),
    signal,
    report,
  });
}

async function* bytesOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body) yield* body as unknown as AsyncIterable<Uint8Array>;
}

/** The routes whose template fits, with the values of its `{names}`. */
function matchPath(pathname: string): Match[] {
  const parts = pathname.split('/');
  return ROUTES.flatMap((route) => {
    const names = route.path.split('/');
    const fits = names.length === parts.length && names.every((name, i) => name.startsWith('{') || name === parts[i]);
    if (!fits) return [];
    const values = names.flatMap((name, i) => (name.startsWith('{') ? [[name.slice(1, -1), parts[i] ?? '']] : []));
    return [{ route, path: Object.fromEntries(values) as Record<string, string> }];
  });
}

function refuse(allowed: readonly string[]): Response {
  if (allowed.length === 0) return Response.json({ detail: 'Not Found', code: 'NOT_FOUND' }, { status: 404 });
  const headers = { allow: allowed.join(', ') };
  return Response.json({ detail: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' }, { status: 405, headers });
}

/** @throws AppError INVALID_JSON, or INVALID_INPUT for JSON that is no object */
function toObject(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new AppError('INVALID_JSON', 'The body is not valid JSON.', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('INVALID_INPUT', 'The body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

/** `detail` for everybody; `code` and `field` for programs. */
function render(error: AppError, { invalidInput }: Route): Response {
  const { code, status, field } = error;
  const detail = wireMessage(error);
  const base = { code, ...(field === undefined ? {} : { field: toWireName(field) }) };
  // The published SDK tells a failure of the caller's own model from others by this form.
  if (error.provider !== undefined) {
    const named = { error: 'llm_provider_error', provider: error.provider, message: detail };
    return Response.json({ detail: named, ...base }, { status });
  }
  const body = { detail, ...base };
  const documented = code === 'INVALID_INPUT' ? invalidInput?.(error) : undefined;
  if (documented !== 'ownReply') return Response.json(body, { status: documented === 'badRequest' ? 400 : status });
  const hint = field === undefined ? detail : `${detail.replace(': ', ' ')}.`;
  return Response.json({ status: 'error', error: 'validation failed', hint, ...body, detail: hint }, { status: 400 });
}
