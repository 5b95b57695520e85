import { GraphQLError } from 'graphql';
import { AppError, STATUS, toAppError, type ErrorCode } from '../errors.js';

export type ReportBug = (error: unknown) => void;

/**
 * Any error of an operation as the caller may see it: ours with their code and field, the library's own about the
 * document or its variables as INVALID_INPUT, everything else masked and reported.
 */
export function toGraphqlError(error: unknown, report: ReportBug): GraphQLError {
  const appError = findAppError(error);
  if (appError) return render(appError, error);
  if (isOfTheRequest(error)) return requestError(error);
  const failure = toAppError(error);
  if (failure.code !== 'INTERNAL') return render(failure, error);
  report(error);
  return new GraphQLError('Something went wrong on our side.', { ...place(error), extensions: { code: 'INTERNAL' } });
}

const VALIDATION_FAILED = 'GRAPHQL_VALIDATION_FAILED';

/** A document that does not fit the schema, with the code that it has over HTTP. */
export const toValidationError = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    ...place(error),
    extensions: { code: error.extensions['code'] ?? VALIDATION_FAILED },
  });

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
      ...(error.provider === undefined ? {} : { provider: error.provider }),
      // Only these are about the whole request: other codes must not change the status of a partial result.
      ...(OF_WHOLE_REQUEST.has(error.code) ? { http: { status: error.status } } : {}),
    },
  });
}

const OF_WHOLE_REQUEST: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  'PERSISTED_OPERATION_NOT_FOUND',
  'UNSUPPORTED_MEDIA_TYPE',
  'DATABASE_UNAVAILABLE',
  'TIMEOUT',
]);

const place = (error: unknown) => {
  const { nodes, path } = error as GraphQLError;
  return { ...(nodes ? { nodes } : {}), ...(path ? { path } : {}) };
};

interface RequestError extends GraphQLError {
  extensions: { code?: string; http?: { status?: number }; originalError?: unknown };
}

/** Raised by the library while it reads, parses, validates or coerces: there is no resolver's error underneath. */
const isOfTheRequest = (error: unknown): error is RequestError =>
  error instanceof Error &&
  error.name === 'GraphQLError' &&
  !isThrown((error as { originalError?: unknown }).originalError);

const isThrown = (original: unknown): boolean => original instanceof Error && original.name !== 'GraphQLError';

function requestError(error: RequestError): GraphQLError {
  // Over a WebSocket an error passes here twice: by Yoga's masking, and by the socket's.
  const { code: given } = error.extensions;
  if (given !== undefined && (given in STATUS || given === VALIDATION_FAILED)) return error;
  const code = requestCode(error);
  const { field, message } = code === 'INVALID_INPUT' ? describe(error.message) : { message: error.message };
  return new GraphQLError(message, {
    ...place(error),
    ...(error.source ? { source: error.source } : {}),
    ...(error.positions ? { positions: error.positions } : {}), // a syntax error has no nodes to be placed by
    extensions: { ...withoutEcho(error.extensions), code, ...(field === undefined ? {} : { field }) },
  });
}

/** Without the parser's error, which repeats what was sent; by it Yoga also knew that the status is to be that of the reply. */
const withoutEcho = ({ originalError, ...extensions }: RequestError['extensions']): object =>
  originalError === undefined ? extensions : { ...extensions, http: { status: extensions.http?.status } };

interface Description {
  message: string;
  field?: string | undefined;
}

// The shapes of graphql-js' messages about values, which name the input field in the text alone. They repeat the value, which may be
// as long as a body: each shape is bounded, or a value of the wrong type would keep the server for minutes.
const VARIABLE = /^Variable "\$(\w+)" (?:got invalid value|of (?:required|non-null) type)/;
const PATH = / at "\w+((?:[.[][\w\]]*)+)"; /;
const MISSING_FIELD = /Field "(?:\w+\.)?(\w+)" of required type/;
const ARGUMENT = /[Aa]rgument "(\w+)" .{0,300}(?:required|non-null)/;
const REASON =
  /(?:is not defined by|Expected(?: non-nullable)?) type "[\w![\]]+"(?: not to be null| to be an object)?|(?:Enum )?"?\b\w{1,100}"? cannot represent [\w -]{0,40}value|does not exist in "\w+" enum|must be [^"]{1,300}$/;

/** Place and reason in the core's form, `field: reason`; a variable's value, which the library repeats, may be a memory's text. */
function describe(message: string): Description {
  const [, variable] = VARIABLE.exec(message) ?? [];
  const [, missing] = MISSING_FIELD.exec(message) ?? [];
  if (variable === undefined) return { message, field: missing ?? ARGUMENT.exec(message)?.[1] };
  const [, path = ''] = PATH.exec(message) ?? [];
  const steps = [variable, ...path.split(/[.[\]]+/).filter(Boolean), missing].filter((step) => step !== undefined);
  // `$input` only wraps what the core takes apart; a variable that holds a plain value or a list goes by its own name.
  const isWrapper = steps.length > 1 && !path.startsWith('[');
  const field = (isWrapper ? steps.slice(1) : steps).join('.');
  const isMissing = missing !== undefined || message.includes('was not provided');
  return { field, message: `${field}: ${isMissing ? 'is required' : (REASON.exec(message)?.[0] ?? 'is not valid')}` };
}

function requestCode({ message, extensions }: RequestError): ErrorCode | 'GRAPHQL_PARSE_FAILED' {
  if (/invalid JSON/i.test(message)) return 'INVALID_JSON';
  if (extensions.http?.status === STATUS.METHOD_NOT_ALLOWED) return 'METHOD_NOT_ALLOWED';
  if (extensions.code === 'GRAPHQL_PARSE_FAILED' || message.startsWith('Syntax Error')) return 'GRAPHQL_PARSE_FAILED';
  return 'INVALID_INPUT';
}
