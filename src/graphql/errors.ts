import { GraphQLError } from 'graphql';
import { AppError, type ErrorCode } from '../errors.js';

export type ReportBug = (error: unknown) => void;

/**
 * Any error of an operation as the caller may see it: ours with their code and field, the library's own about the
 * document or its variables as INVALID_INPUT, everything else masked and reported.
 */
export function toGraphqlError(error: unknown, report: ReportBug): GraphQLError {
  const appError = findAppError(error);
  if (appError) return render(appError, error);
  if (isOfTheRequest(error)) return requestError(error);
  report(error);
  return new GraphQLError('Something went wrong on our side.', { ...place(error), extensions: { code: 'INTERNAL' } });
}

/** By structure, not `instanceof`: two copies of the graphql package may be loaded. */
function findAppError(error: unknown): AppError | undefined {
  for (let cause = error, depth = 0; cause && depth < 5; depth++) {
    if (cause instanceof AppError) return cause;
    cause = (cause as { originalError?: unknown }).originalError;
  }
  return undefined;
}

function render(error: AppError, at: unknown): GraphQLError {
  return new GraphQLError(error.message, {
    ...place(at),
    extensions: {
      code: error.code,
      ...(error.field === undefined ? {} : { field: error.field }),
      // Of all codes only this one is about the whole request: the others must not change the status of a partial result.
      ...(error.code === 'UNAUTHENTICATED' ? { http: { status: error.status } } : {}),
    },
  });
}

const place = (error: unknown) => {
  const { nodes, path } = error as GraphQLError;
  return { ...(nodes ? { nodes } : {}), ...(path ? { path } : {}) };
};

interface RequestError extends Error {
  extensions: { code?: string; http?: object };
  originalError?: unknown;
  path?: unknown;
}

/** Raised by the library while it reads, parses, validates or coerces: there is no resolver's error underneath. */
const isOfTheRequest = (error: unknown): error is RequestError =>
  error instanceof Error && error.name === 'GraphQLError' && !isThrown((error as RequestError).originalError);

const isThrown = (original: unknown): boolean => original instanceof Error && original.name !== 'GraphQLError';

// The shapes of graphql-js' messages about a missing or wrongly typed value, which name the input field in the text alone.
const FIELD = [
  / at "(?:\w+\.)?([\w.[\]]+)"/,
  /Field "?[\w!]*\.?(\w+)"? of required type/,
  /Argument "(\w+)" .* of (?:required )?type/,
];

function requestError(error: RequestError): GraphQLError {
  const code = requestCode(error);
  const field =
    code === 'INVALID_INPUT' ? FIELD.map((pattern) => pattern.exec(error.message)?.[1]).find(Boolean) : undefined;
  return new GraphQLError(error.message, {
    ...place(error),
    ...((error as Partial<GraphQLError>).source ? { source: (error as GraphQLError).source } : {}),
    extensions: { ...error.extensions, code, ...(field === undefined ? {} : { field }) },
  });
}

function requestCode({ message, extensions }: RequestError): ErrorCode | 'GRAPHQL_PARSE_FAILED' {
  if (/invalid JSON/i.test(message)) return 'INVALID_JSON';
  if (extensions.code === 'GRAPHQL_PARSE_FAILED' || message.startsWith('Syntax Error')) return 'GRAPHQL_PARSE_FAILED';
  return 'INVALID_INPUT';
}
