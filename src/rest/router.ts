import { actFor } from '../core/act-for.js';
import { admit, assertNotBlocked, type Admitted } from '../core/admit.js';
import type { Deps } from '../core/deps.js';
import { assertWithinRate } from '../core/rate-limits.js';
import { rateFields } from '../core/rules/rate-fields.js';
import { withinTime } from '../core/within-time.js';
import { toAppError, type AppError } from '../errors.js';
import { isResponse, Response } from '../http/fetch-api.js';
import { readObject } from './body.js';
import type { ReportBug, Route } from './call.js';
import { refuseMethod } from './methods.js';
import { openPage } from './openapi/pages.js';
import { ROUTES } from './routes.js';
import { toWireName, wireMessage } from './wire.js';

/** The REST door: match, authenticate, parse JSON, run, render. */
export function createRestDoor(deps: Deps, report: ReportBug) {
  return {
    /** Whether a request's body is read as it comes, and bounded, by its route. */
    isStreamed: (method: string, pathname: string): boolean =>
      matchPath(pathname).some(({ route }) => route.isStreamed && route.method === method),
    fetch: async (request: Request): Promise<Response> => {
      const url = new URL(request.url);
      const page = openPage(url.pathname);
      if (page) return request.method === 'GET' ? page : refuseMethod(request.method, ['GET']);
      const matches = matchPath(url.pathname);
      const found = matches.find(({ route }) => route.method === request.method);
      if (!found) return refuse(request.method, matches);
      const { headers, signal } = request;
      let fields: Readonly<Record<string, string>> = { 'www-authenticate': 'Bearer' };
      let response: Response;
      try {
        const admitted = await withinTime(deps, () => admit(deps, headers.get('authorization')), signal);
        fields = rateFields(admitted.rate);
        response = await actFor(admitted.caller, () => run({ deps, report, request, url }, admitted, found));
      } catch (error) {
        const appError = toAppError(error);
        if (appError.code === 'INTERNAL') report(error);
        response = render(appError, found.route);
      }
      for (const [name, value] of Object.entries(fields)) response.headers.set(name, value);
      return response;
    },
  };
}

interface Match {
  route: Route;
  path: Record<string, string>;
}

interface Arrived {
  deps: Deps;
  report: ReportBug;
  request: Request;
  url: URL;
}

async function run(
  { deps, report, request, url }: Arrived,
  { caller, rate }: Admitted,
  { route, path }: Match,
): Promise<Response> {
  assertWithinRate(rate);
  if (!route.isOpenWhenBlocked) assertNotBlocked(caller);
  const { headers, signal } = request;
  const hasBody = (route.method === 'POST' || route.method === 'PATCH') && !route.isStreamed;
  const body = hasBody ? await readObject(request, { isOptional: route.isBodyOptional ?? false }) : {};
  const asked = { deps, caller, path, query: url.searchParams, headers, body };
  const call = { ...asked, bytes: bytesOf(request), signal, report };
  // Bulk imports take what they take; what only reads is given up with its caller.
  const reply = route.isStreamed
    ? await route.run(call)
    : await withinTime(deps, () => route.run(call), route.method === 'GET' ? signal : undefined);
  return isResponse(reply) ? reply : Response.json(reply, { headers: route.replyHeaders?.(call) ?? {} });
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

/** No such path, or none for this method. */
function refuse(method: string, matches: readonly Match[]): Response {
  if (matches.length === 0) return Response.json({ detail: 'Not Found', code: 'NOT_FOUND' }, { status: 404 });
  return refuseMethod(
    method,
    matches.map(({ route }) => route.method),
  );
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
  // Documented for whoever is too fast; what the key's own minute says of it comes after this, and wins.
  const headers = code === 'RATE_LIMITED' ? { 'retry-after': '1' } : {};
  if (documented !== 'ownReply')
    return Response.json(body, { status: documented === 'badRequest' ? 400 : status, headers });
  const hint = field === undefined ? detail : `${detail.replace(': ', ' ')}.`;
  return Response.json({ status: 'error', error: 'validation failed', hint, ...body, detail: hint }, { status: 400 });
}
