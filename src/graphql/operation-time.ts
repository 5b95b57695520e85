import { getOperationAST, GraphQLError, OperationTypeNode, type ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { withinTime } from '../core/within-time.js';
import type { Context } from './builder.js';

/** Holds queries and mutations to the time that a request may take, over HTTP and on sockets; feeds last as long as they are read. */
export const operationTime = (): Plugin => ({
  onExecute: ({ executeFn, setExecuteFn }) => {
    const run = executeFn as (args: ExecutionArgs) => unknown;
    setExecuteFn((args: ExecutionArgs) => {
      const { deps, request } = args.contextValue as Context & { request?: Request };
      // A write that was begun is for its caller to hear of later, by the same idempotency key: only reading is broken off.
      const isGone = isRead(args) ? request?.signal : undefined;
      // As a result: thrown on a socket it would close it, with all else that runs there.
      return withinTime(deps, async () => await run(args), isGone).catch((error: unknown) => ({
        errors: [failure(error)],
      }));
    });
  },
});

const isRead = ({ document, operationName }: ExecutionArgs): boolean =>
  getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY;

const failure = (error: unknown): GraphQLError =>
  new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) });
