/** Every way a call can fail, and the HTTP status that says so. The only table of its kind: each door reads it. */
export const STATUS = {
  INVALID_JSON: 400,
  UNAUTHENTICATED: 401,
  /** The account's plan was canceled. */
  PLAN_BLOCKED: 402,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  /** A feed's cursor from before what feeds still reach. */
  CURSOR_EXPIRED: 410,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INVALID_INPUT: 422,
  QUOTA_EXCEEDED: 429,
  RATE_LIMITED: 429,
  /** The provider refused the key, the model, or the pace of a caller's own model. */
  LLM_KEY_REFUSED: 401,
  LLM_MODEL_REFUSED: 422,
  LLM_RATE_LIMITED: 429,
  INTERNAL: 500,
  UPSTREAM_FAILED: 502,
  UPSTREAM_UNAVAILABLE: 503,
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

/** Anything thrown as an AppError; what is not one is a bug, and its text stays inside. */
export const toAppError = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('INTERNAL', 'Something went wrong on our side.', { cause: error });
