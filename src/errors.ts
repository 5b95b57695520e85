/** Every way a call can fail, and the HTTP status that says so. The only table of its kind: each door reads it. */
export const STATUS = {
  INVALID_JSON: 400,
  UNAUTHENTICATED: 401,
  /** The account's plan was canceled. */
  PLAN_BLOCKED: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  /** The document is none of those that this server runs. */
  PERSISTED_OPERATION_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  /** The request came too slowly. */
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  /** A feed's cursor from before what feeds still reach. */
  CURSOR_EXPIRED: 410,
  BODY_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INVALID_INPUT: 422,
  HEADERS_TOO_LARGE: 431,
  QUOTA_EXCEEDED: 429,
  RATE_LIMITED: 429,
  /** The provider refused the key, the model, or the pace of a caller's own model. */
  LLM_KEY_REFUSED: 401,
  LLM_MODEL_REFUSED: 422,
  LLM_RATE_LIMITED: 429,
  INTERNAL: 500,
  UPSTREAM_FAILED: 502,
  UPSTREAM_UNAVAILABLE: 503,
  DATABASE_UNAVAILABLE: 503,
  /** More requests are under way than the server takes: nothing was done. */
  OVERLOADED: 503,
  /** The server has no room to take a body in. */
  STORAGE_FULL: 507,
  /** The request took longer than it may. Not 503, which tells clients to send the same again at once. */
  TIMEOUT: 504,
} as const;

export type ErrorCode = keyof typeof STATUS;

interface ErrorOptions {
  /** The one input field at fault, by its name in the core (camelCase, dotted path). */
  field?: string | undefined;
  /** What went wrong underneath; logged, never sent. */
  cause?: unknown;
  /** The caller's own model provider, where that is what failed. */
  provider?: string | undefined;
}

/** A failure that the caller may see: its message holds no secret and no memory's text. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly field: string | undefined;
  readonly provider: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { field, cause, provider }: ErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.field = field;
    this.provider = provider;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

/** Anything thrown as an AppError; what is neither one nor an outage is a bug, and its text stays inside. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isOutage(error))
    return new AppError('DATABASE_UNAVAILABLE', 'The database can not be reached. Try again shortly.', {
      cause: error,
    });
  if (isCanceled(error))
    return new AppError('TIMEOUT', 'The database took too long. Ask for less at once.', { cause: error });
  return new AppError('INTERNAL', 'Something went wrong on our side.', { cause: error });
}

/**
 * Codes of a connection that was refused, lost or not to be had: of Node, of PostgreSQL (classes 08, 53 and 57P, which say that a
 * server is away, full, or on its way down or up), and of Prisma's pool and transactions.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const OUTAGE_CODE =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|53\w{3}|57P\w\d?|P1001|P1002|P1008|P1017|P2024|P2037|DATABASE_UNAVAILABLE)$/;
/** Prisma's adapter keeps no code of some of them, but a word of its own for it. */
const OUTAGE_KIND = /^(DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections)$/;
/** The driver gives some of them no code. */
const OUTAGE_TEXT =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

/** Whether the database could not be reached, or went away in the middle. */
export const isOutage = (error: unknown): boolean =>
  isSomeCause(
    error,
    ({ codes, kind, message }) =>
      codes.some((code) => OUTAGE_CODE.test(code)) || OUTAGE_KIND.test(kind) || OUTAGE_TEXT.test(message),
  );

/** Whether a statement was broken off: its request's time was up, or the database has a limit of its own. */
const isCanceled = (error: unknown): boolean => isSomeCause(error, ({ codes }) => codes.includes('57014'));

interface Cause {
  codes: string[];
  kind: string;
  message: string;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Whether the error, or one underneath, is of a kind. By structure: several libraries throw these. */
function isSomeCause(error: unknown, isOfKind: (cause: Cause) => boolean): boolean {
  for (let cause = error, depth = 0; typeof cause === 'object' && cause !== null && depth < 6; depth++) {
    // What is under one is told by it already: a model may be away by the same codes.
    if (cause instanceof AppError) return isOfKind({ codes: [cause.code], kind: '', message: '' });
    const { code, originalCode, kind, message, meta, originalError } = cause as Record<string, unknown>;
    const codes = [code, originalCode].filter((one) => typeof one === 'string');
    if (isOfKind({ codes, kind: textOf(kind), message: textOf(message) })) return true;
    cause =
      (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError ??
      originalError ??
      (cause as { cause?: unknown }).cause;
  }
  return false;
}
