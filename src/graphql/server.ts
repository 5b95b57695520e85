import { createYoga, type Plugin } from 'graphql-yoga';
import { admit } from '../core/admit.js';
import type { Caller, Deps } from '../core/deps.js';
import { assertWithinRate } from '../core/rate-limits.js';
import { rateFields } from '../core/rules/rate-fields.js';
import { AppError, toAppError } from '../errors.js';
import { operationContext, type Context } from './builder.js';
import { toGraphqlError, type ReportBug } from './errors.js';
import { documentLimits } from './limits.js';
import { schema } from './schema.js';
import { createSubscribe } from './subscribe.js';

export { operationContext } from './builder.js';

export const GRAPHQL_PATH = '/graphql';

export type GraphqlDoor = ReturnType<typeof createGraphqlDoor>;

/** GraphQL over HTTP and SSE. Every request but GraphiQL's page is authenticated before a byte of it is parsed. */
export function createGraphqlDoor(deps: Deps, report: ReportBug) {
  const { hasGraphiql } = deps.config;
  const subscribe = createSubscribe();
  const sharing: Plugin = { onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe) };
  const yoga = createYoga<{ caller?: Caller }, Context>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    logging: false, // bugs are reported once, by maskError
    landingPage: false,
    cors: false,
    batching: false,
    plugins: [...documentLimits(), sharing],
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
    let fields: Readonly<Record<string, string>> = {};
    let response: Response;
    try {
      const { caller, rate } = await admit(deps, request.headers.get('authorization'));
      fields = rateFields(rate);
      assertWithinRate(rate);
      response = await yoga.fetch(request, { caller });
    } catch (error) {
      // Before a byte was parsed: about the whole request, whatever its code.
      const { message, extensions } = toGraphqlError(error, report);
      const { http: _http, ...rest } = extensions;
      response = Response.json({ errors: [{ message, extensions: rest }] }, { status: toAppError(error).status });
    }
    for (const [name, value] of Object.entries(fields)) response.headers.set(name, value);
    return response;
  };
  return { fetch: respond, getEnveloped: yoga.getEnveloped };
}

const isPageVisit = ({ method, url, headers }: Request): boolean =>
  method === 'GET' && !new URL(url).searchParams.has('query') && (headers.get('accept') ?? '').includes('text/html');
