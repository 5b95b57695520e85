import { admit, assertNotBlocked, type Admitted } from '../core/admit.js';
import type { Deps } from '../core/deps.js';
import { assertWithinRate } from '../core/rate-limits.js';
import { rateFields } from '../core/rules/rate-fields.js';
import { toAppError, type AppError } from '../errors.js';
import { readObject } from './body.js';
import type { Route } from './call.js';
import { openPage } from './openapi/pages.js';
import { ROUTES } from './routes.js';
import { toWireName } from './wire.js';

export type ReportBug = (error: unknown) => void;

/** The REST door: match, authenticate, parse JSON, run, render. */
export function createRestDoor(deps: Deps, report: ReportBug) {
  return {
    fetch: async (request: Request): Promise<Response> => {
      const url = new URL(request.url);
      const page = request.method === 'GET' ? openPage(url.pathname) : undefined;
      if (page) return page;
      const matches = matchPath(url.pathname);
      const found = matches.find(({ route }) => route.method === request.method);
      if (!found) return refuse(request.method, matches);
      let fields: Readonly<Record<string, string>> = { 'www-authenticate': 'Bearer' };
      let response: Response;
      try {
        const admitted = await admit(deps, request.headers.get('authorization'));
        fields = rateFields(admitted.rate);
        response = await run(deps, admitted, request, url, found);
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

async function run(
  deps: Deps,
  { caller, rate }: Admitted,
  request: Request,
  url: URL,
  { route, path }: Match,
): Promise<Response> {
  assertWithinRate(rate);
  if (!route.isOpenWhenBlocked) assertNotBlocked(caller);
  const hasBody = route.method === 'POST' || route.method === 'PATCH';
  const body = hasBody ? await readObject(request, { isOptional: route.isBodyOptional ?? false }) : {};
  const call = { deps, caller, path, query: url.searchParams, headers: request.headers, body };
  return Response.json(await route.run(call), { headers: route.replyHeaders?.(call) ?? {} });
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

/** No such path, or none for this method: then `Allow` names those that there are. */
function refuse(method: string, matches: readonly Match[]): Response {
  if (matches.length === 0) return Response.json({ detail: 'Not Found', code: 'NOT_FOUND' }, { status: 404 });
  const methods = matches.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  const headers = { allow: [...methods, 'OPTIONS'].join(', ') };
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers });
  return Response.json({ detail: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' }, { status: 405, headers });
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

/** The core's messages begin with the field at fault, by the core's name for it. */
const wireMessage = ({ message, field }: AppError): string =>
  field !== undefined && message.startsWith(`${field}: `) ? toWireName(field) + message.slice(field.length) : message;
