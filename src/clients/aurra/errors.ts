/** Any failure of a call. */
export class AurraError extends Error {
  override readonly name: string = 'AurraError';

  constructor(
    message: string,
    /** HTTP status; undefined if there was no reply. */
    readonly status?: number,
    /** The server's word for it, such as NOT_FOUND. */
    readonly code?: string,
    /** The field at fault, where it is one. */
    readonly field?: string,
    /** The id to ask the operator about. */
    readonly requestId?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** 401: no such key. */
export class AurraAuthError extends AurraError {
  override readonly name = 'AurraAuthError';
}

/** 403: another account's. */
export class AurraForbiddenError extends AurraError {
  override readonly name = 'AurraForbiddenError';
}

/** 404: there is none. */
export class AurraNotFoundError extends AurraError {
  override readonly name = 'AurraNotFoundError';
}

/** 400 or 422: unusable input; `field` names it. */
export class AurraValidationError extends AurraError {
  override readonly name = 'AurraValidationError';
}

/** 429: too many requests, or the write quota is used up. */
export class AurraRateLimitError extends AurraError {
  override readonly name = 'AurraRateLimitError';
  /** Seconds to wait, where the server says so. */
  retryAfterSeconds: number | undefined;
}

/** The provider of the caller's own model refused, or was not there. */
export class AurraLlmProviderError extends AurraError {
  override readonly name = 'AurraLlmProviderError';
  provider: string | undefined;
}

/** 5xx: a fault of the server, or of what it depends on. */
export class AurraServerError extends AurraError {
  override readonly name = 'AurraServerError';
}

/** No reply at all: network, DNS, or the time was up. */
export class AurraConnectionError extends AurraError {
  override readonly name = 'AurraConnectionError';
}

interface Refusal {
  detail?: string | { message?: string; provider?: string };
  code?: string;
  field?: string;
}

type ErrorClass = new (...args: ConstructorParameters<typeof AurraError>) => AurraError;
const CLASSES: Readonly<Record<number, ErrorClass>> = {
  400: AurraValidationError,
  401: AurraAuthError,
  403: AurraForbiddenError,
  404: AurraNotFoundError,
  422: AurraValidationError,
  429: AurraRateLimitError,
};

/** The error that a reply stands for. */
export function toError({ status, headers }: Response, body: unknown): AurraError {
  const { detail, code, field } = (typeof body === 'object' && body !== null ? body : {}) as Refusal;
  const message = (typeof detail === 'string' ? detail : detail?.message) ?? `HTTP ${status}`;
  const about = [message, status, code, field, headers.get('x-request-id') ?? undefined] as const;
  if (typeof detail === 'object') {
    return Object.assign(new AurraLlmProviderError(...about), { provider: detail.provider });
  }
  const Kind = CLASSES[status] ?? (status >= 500 ? AurraServerError : AurraError);
  const error = new Kind(...about);
  const wait = Number(headers.get('retry-after') ?? NaN);
  return error instanceof AurraRateLimitError && !Number.isNaN(wait)
    ? Object.assign(error, { retryAfterSeconds: wait })
    : error;
}
