import {
  getOperationAST,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import type { OperationResult, ServerOptions } from 'graphql-ws';
import { actFor } from '../core/act-for.js';
import { authenticate, prove } from '../core/authenticate.js';
import type { Caller, Deps } from '../core/deps.js';
import { outlast } from '../core/outlast.js';
import { assertWithinRate } from '../core/rate-limits.js';
import { nameOfShown } from '../core/rules/api-key.js';
import { withinTime } from '../core/within-time.js';
import { AppError, isOutage, type ErrorCode } from '../errors.js';
import type { Context } from './builder.js';
import { toGraphqlError, toValidationError, type ReportBug } from './errors.js';
import { documentText } from './persisted-operations.js';
import { assertShallow } from './request-rules.js';
import type { GraphqlDoor } from './server.js';
import { sendingShared } from './shared-frames.js';
import { takeReady } from './subscribe.js';

/** What a socket carries: a browser can set no header on it, so the key may come in connectionParams instead. */
export interface SocketExtra {
  request: { headers: { authorization?: string | undefined } };
  caller?: Caller;
  /** Queries and mutations under way, by operation id: a server that stops lets them finish. And feeds, which it ends. */
  running: Set<string>;
  feeds: Set<string>;
  /** Sends a frame; undefined when the socket takes more, else it resolves once it does. */
  send(frame: string): Promise<void> | undefined;
  close(code: number, reason: string): void;
  /** The same, and nothing that waits is done any more. */
  cutOff(code: number, reason: string): void;
  isClosed: boolean;
  /** Operations that were refused, since one was begun. */
  refused: number;
  /** Ends the watch over the caller's key. */
  unwatch?: () => void;
}

const FORBIDDEN = 4403;
/** Clients take it as "come back", unlike any other that says that a server can not serve. */
const TRY_AGAIN_LATER = 1013;

const POLICY_VIOLATION = 1008;
/** So many that can not succeed, one after the other, are no mistake: each takes longer to refuse than to send. */
const MOST_REFUSED = 100;

/** How long a feed that is being opened waits for the database at most. */
const OUTLAST_MS = 300_000;

type Params = Record<string, unknown>;

/** GraphQL over WebSocket (graphql-transport-ws): operations pass the same parse, validate, execute and masking as over HTTP. */
export const socketOptions = (
  deps: Deps,
  { getEnveloped, documents }: GraphqlDoor,
  report: ReportBug,
): ServerOptions<Params, SocketExtra> => ({
  execute: (args) =>
    deps.gate
      .pass(holderOf(callerOf(args)), () =>
        actFor(callerOf(args), async () => (await runOf(args).execute(args)) as ExecutionResult),
      )
      .catch((error: unknown) => ({ errors: [toGraphqlError(error, report)] })),
  subscribe: (args) => runOf(args).subscribe(args) as OperationResult,
  // Here, and not in the context: a bad key closes the socket with 4403, not with "internal error".
  onConnect: async ({ connectionParams, extra }) => {
    try {
      const caller = await authenticate(deps, authorizationOf(connectionParams, extra));
      // A socket that closed meanwhile was told so already: nobody would end the watch.
      // It stays while the key is one, whatever the key may do: each operation looks at that.
      const holder = { ...caller, scopes: new Set<never>() };
      if (!extra.isClosed) extra.unwatch = deps.sessions.open(holder, () => extra.close(FORBIDDEN, 'Forbidden'));
      extra.caller = caller;
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      if (!isOutage(error)) throw error;
      extra.close(TRY_AGAIN_LATER, 'Try again later');
      return false; // too late to say that the key was bad: the socket is closing
    }
  },
  onClose: ({ extra }) => {
    extra.isClosed = true;
    extra.unwatch?.();
  },
  onSubscribe: async ({ extra }, id, payload) => {
    const { variables, operationName } = payload;
    try {
      // What its key may do, and its plan, may have changed since the socket was opened.
      const { shown } = extra.caller ?? {};
      if (shown) {
        const prove = (): Promise<Caller> => withinTime(deps, () => stillProven(deps, extra, shown, payload.query));
        // In a place of its own, as over HTTP: else it would wait for a database that does not keep up. A feed is to wait for one.
        extra.caller = await (MAY_BE_FEED.test(payload.query) ? prove() : deps.gate.pass(nameOfShown(shown), prove));
      }
      const run = getEnveloped({ caller: extra.caller }) as Enveloped;
      // An operation on a socket counts as a request does.
      if (extra.caller) assertWithinRate(await deps.rates.count(extra.caller));
      assertShallow(payload);
      // The protocol has every message carry a text: an empty one stands for none.
      const document = run.parse(documentText(documents, payload) as string);
      const errors = run.validate(run.schema, document);
      if (errors.length > 0) return refused(extra, errors.map(toValidationError));
      const contextValue = await run.contextFactory();
      const isFeed = getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
      (isFeed ? extra.feeds : extra.running).add(id);
      if (!isFeed) extra.refused = 0; // whether there is room for a feed is seen when it begins
      return {
        schema: run.schema,
        document,
        contextValue,
        variableValues: variables,
        operationName,
        rootValue: run,
      };
    } catch (error) {
      // Left to escape, a syntax error would close the socket and end every other operation on it.
      return refused(extra, [toGraphqlError(error, report)]);
    }
  },
  onOperation: ({ extra, subscriptions }, id, _payload, args, result) => {
    if (!isStream(result)) {
      if (extra.feeds.has(id)) countRefusal(extra);
      return undefined;
    }
    extra.refused = 0;
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    // Not once the client has completed the operation: the protocol allows it, and clients warn of it.
    const send = (payload: string) => (id in subscriptions ? extra.send(`${head}${payload}}`) : undefined);
    return sendingShared(result[Symbol.asyncIterator](), () => takeReady(args), send);
  },
  onComplete: ({ extra }, id) => {
    extra.running.delete(id);
    extra.feeds.delete(id);
  },
  onNext: (_context, _id, _payload, _args, result) =>
    result.errors && ({ ...result, errors: result.errors.map(toWire) } as FormattedExecutionResult),
  onError: (_context, _id, _payload, errors) => errors.map((error) => toWire(toGraphqlError(error, report))),
});

/** What a client may send again in a while. */
const PASSING: ReadonlySet<unknown> = new Set<ErrorCode>([
  'RATE_LIMITED',
  'OVERLOADED',
  'DATABASE_UNAVAILABLE',
  'TIMEOUT',
  'INTERNAL',
]);

/** Why an operation is not begun. */
function refused(extra: SocketExtra, errors: GraphQLError[]): GraphQLError[] {
  if (!errors.some(({ extensions }) => PASSING.has(extensions['code']))) countRefusal(extra);
  return errors;
}

/** A client that goes on and on is cut off. */
function countRefusal(extra: SocketExtra): void {
  if (++extra.refused > MOST_REFUSED) extra.cutOff(POLICY_VIOLATION, 'Too many operations in a row were refused');
}

/** Not read yet, so by its words: a wrong guess makes it wait, or fail, while the database is away. */
const MAY_BE_FEED = /\bsubscription\b/;

/** The caller as its key is now. A database that is away delays a feed, and fails everything else. @throws as prove */
const stillProven = (
  deps: Deps,
  extra: SocketExtra,
  shown: Parameters<typeof prove>[1],
  query: string,
): Promise<Caller> => {
  const once = (): Promise<Caller> => {
    if (extra.isClosed) throw new AppError('UNAUTHENTICATED', 'The socket is closed.');
    return prove(deps, shown);
  };
  return MAY_BE_FEED.test(query) ? outlast(async () => once(), AbortSignal.timeout(OUTLAST_MS)) : once();
};

const isStream = (result: object): result is AsyncIterable<ExecutionResult> => Symbol.asyncIterator in result;

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

const callerOf = ({ contextValue }: ExecutionArgs): Caller => (contextValue as Context).caller;

/** As over HTTP: who uses both has no more places. */
const holderOf = ({ shown, apiKeyId }: Caller): string => (shown ? nameOfShown(shown) : apiKeyId);

const authorizationOf = (params: Readonly<Params> | undefined, { request }: SocketExtra): string | null => {
  const sent = params?.['Authorization'] ?? params?.['authorization'] ?? request.headers.authorization;
  return typeof sent === 'string' ? sent : null;
};
