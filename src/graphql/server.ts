import { createYoga, type Plugin } from 'graphql-yoga';
import { actFor } from '../core/act-for.js';
import { admit } from '../core/admit.js';
import type { Caller, Deps } from '../core/deps.js';
import { assertWithinRate } from '../core/rate-limits.js';
import { rateFields } from '../core/rules/rate-fields.js';
import { withinTime } from '../core/within-time.js';
import { AppError, toAppError } from '../errors.js';
import { Response } from '../http/fetch-api.js';
import { operationContext, type Context } from './builder.js';
import { toGraphqlError, type ReportBug } from './errors.js';
import { documentLimits } from './limits.js';
import { operationTime } from './operation-time.js';
import { asDraft, draftStatus, negotiated, type Outcome } from './over-http.js';
import type { Documents } from './read-documents.js';
import { requestRules } from './request-rules.js';
import { schemaAccess } from './schema-access.js';
import { schema } from './schema.js';
import { createSubscribe } from './subscribe.js';

export { operationContext } from './builder.js';

export const GRAPHQL_PATH = '/graphql';

export type GraphqlDoor = ReturnType<typeof createGraphqlDoor>;

/**
 * GraphQL over HTTP and SSE. Every request but GraphiQL's page is authenticated before a byte of it is parsed. `documents`:
 * the only ones that run.
 */
export function createGraphqlDoor(deps: Deps, report: ReportBug, documents?: Documents) {
  const { hasGraphiql, hasIntrospection, graphqlOverHttp } = deps.config;
  const isDraft = graphqlOverHttp === 'draft';
  const subscribe = createSubscribe();
  const sharing: Plugin = { onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe) };
  const yoga = createYoga<{ caller?: Caller; outcome?: Outcome }, Context>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    logging: false, // bugs are reported once, by maskError
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: false, // bounded, and read, before either door: to count it again would be to stream it again
    plugins: [
      requestRules({ documents, isDraft }),
      ...documentLimits(),
      schemaAccess(hasIntrospection),
      operationTime(),
      sharing,
      ...(isDraft ? [draftStatus()] : []),
    ],
    graphiql: hasGraphiql && {
      title: 'Palimpsest',
      defaultQuery:
        '# Add your key under "Headers": { "Authorization": "Bearer aurra_..." }\n{ planStatus { writesUsed writesLimit } }\n',
      subscriptionsProtocol: 'GRAPHQL_SSE',
    },
    maskedErrors: { maskError: (error) => toGraphqlError(error, report) },
    context: ({ caller }) => {
      if (!caller) throw new AppError('UNAUTHENTICATED', 'Not authenticated');
      return operationContext(deps, caller);
    },
  });
  const respond = async (request: Request): Promise<Response> => {
    if (hasGraphiql && isPageVisit(request)) return yoga.fetch(request, {});
    const { headers, signal } = request;
    let fields: Readonly<Record<string, string>> = {};
    let response: Response;
    const outcome: Outcome = {};
    try {
      const { caller, rate } = await withinTime(deps, () => admit(deps, headers.get('authorization')), signal);
      fields = rateFields(rate);
      assertWithinRate(rate);
      response = await actFor(caller, () => yoga.fetch(negotiated(request), { caller, outcome }));
    } catch (thrown) {
      // The library throws when a client leaves: that is no fault of anybody's.
      const error = signal.aborted ? new AppError('TIMEOUT', 'Nobody waits for the reply any more.') : thrown;
      // Before a byte was parsed: about the whole request, whatever its code.
      const { message, extensions } = toGraphqlError(error, report);
      const { http: _http, ...rest } = extensions;
      response = Response.json({ errors: [{ message, extensions: rest }] }, { status: toAppError(error).status });
    }
    if (isDraft) response = asDraft(response, outcome);
    for (const [name, value] of Object.entries(fields)) response.headers.set(name, value);
    return response;
  };
  return { fetch: respond, getEnveloped: yoga.getEnveloped, documents };
}

const isPageVisit = ({ method, url, headers }: Request): boolean =>
  method === 'GET' && !new URL(url).searchParams.has('query') && (headers.get('accept') ?? '').includes('text/html');
