import type {
  DocumentNode,
  ExecutionArgs,
  FormattedExecutionResult,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLSchema,
} from 'graphql';
import type { OperationResult, ServerOptions } from 'graphql-ws';
import { authenticate } from '../core/authenticate.js';
import type { Caller, Deps } from '../core/deps.js';
import { assertWithinRate } from '../core/rate-limits.js';
import { AppError } from '../errors.js';
import { toGraphqlError, toValidationError, type ReportBug } from './errors.js';
import type { GraphqlDoor } from './server.js';

/** What a socket carries: a browser can set no header on it, so the key may come in connectionParams instead. */
export interface SocketExtra {
  request: { headers: { authorization?: string | undefined } };
  caller?: Caller;
}

type Params = Record<string, unknown>;

/** GraphQL over WebSocket (graphql-transport-ws): operations pass the same parse, validate, execute and masking as over HTTP. */
export const socketOptions = (
  deps: Deps,
  { getEnveloped }: GraphqlDoor,
  report: ReportBug,
): ServerOptions<Params, SocketExtra> => ({
  execute: (args) => runOf(args).execute(args) as OperationResult,
  subscribe: (args) => runOf(args).subscribe(args) as OperationResult,
  // Here, and not in the context: a bad key closes the socket with 4403, not with "internal error".
  onConnect: async ({ connectionParams, extra }) => {
    try {
      extra.caller = await authenticate(deps, authorizationOf(connectionParams, extra));
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  },
  onSubscribe: async ({ extra }, _id, { query, variables, operationName }) => {
    const run = getEnveloped({ caller: extra.caller }) as Enveloped;
    try {
      // An operation on a socket counts as a request does.
      if (extra.caller) assertWithinRate(await deps.rates.count(extra.caller));
      const document = run.parse(query);
      const errors = run.validate(run.schema, document);
      if (errors.length > 0) return errors.map(toValidationError);
      return {
        schema: run.schema,
        document,
        contextValue: await run.contextFactory(),
        variableValues: variables,
        operationName,
        rootValue: run,
      };
    } catch (error) {
      // Left to escape, a syntax error would close the socket and end every other operation on it.
      return [toGraphqlError(error, report)];
    }
  },
  onNext: (_context, _id, _payload, _args, result) =>
    result.errors && ({ ...result, errors: result.errors.map(toWire) } as FormattedExecutionResult),
  onError: (_context, _id, _payload, errors) => errors.map((error) => toWire(toGraphqlError(error, report))),
});

/** Without `http`: what Yoga reads to choose a status, and takes off itself, has no meaning on a socket. */
function toWire(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...rest } = error.toJSON();
  return { ...rest, extensions: Object.fromEntries(Object.entries(extensions).filter(([name]) => name !== 'http')) };
}

/** One operation's run through Yoga's plugins; the library types it as `any`. */
interface Enveloped {
  schema: GraphQLSchema;
  parse(query: string): DocumentNode;
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[];
  contextFactory(): Promise<unknown>;
  execute(args: ExecutionArgs): unknown;
  subscribe(args: ExecutionArgs): unknown;
}

/** The root value carries the operation's own run to its executors. */
const runOf = ({ rootValue }: ExecutionArgs): Enveloped => rootValue as Enveloped;

const authorizationOf = (params: Readonly<Params> | undefined, { request }: SocketExtra): string | null => {
  const sent = params?.['Authorization'] ?? params?.['authorization'] ?? request.headers.authorization;
  return typeof sent === 'string' ? sent : null;
};
