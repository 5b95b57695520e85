import { AppError } from '../../errors.js';

/** The model stopped at its length limit, so the end of the reply is missing. */
export class ReplyCut extends AppError {
  constructor() {
    super('UPSTREAM_FAILED', "The model's reply was cut at its length limit.");
  }
}

/** Nothing in the reply can be trusted. `issues` name fields and kinds of fault, never values. */
export const unusableReply = (issues: readonly string[]): AppError =>
  new AppError('UPSTREAM_FAILED', 'The model gave an unusable reply.', { cause: { name: 'UnusableReply', issues } });

/** What the SDKs' errors have in common: both come from one generator. */
interface SdkError extends Error {
  status?: number | undefined;
  /** The reply's body, or its `error`. */
  error?: unknown;
  type?: unknown;
  code?: unknown;
  param?: unknown;
  requestID?: unknown;
}
type ErrorClass<Kind extends Error> = abstract new (...args: never[]) => Kind;

/** The error classes of one SDK. */
export interface SdkErrors {
  APIError: ErrorClass<SdkError>;
  APIConnectionError: ErrorClass<Error>;
  APIConnectionTimeoutError: ErrorClass<Error>;
  APIUserAbortError: ErrorClass<Error>;
}

/** A call that came to nothing, in terms that no SDK sets. */
export interface Failure {
  kind: 'refused' | 'timeout' | 'unreachable' | 'broken' | 'unknown';
  /** The reply's status; only of a call that was refused. */
  status?: number;
  /** What the provider wrote about it, as it came: may hold anything. */
  words?: string;
  /** The provider's names for what is wrong, as they came: an error code, a parameter. */
  names: string[];
  /** What an operator needs to find the call again. The original carries request, reply and headers, and a cause may be logged. */
  cause: Record<string, string | number>;
}

/** The first system error code (ECONNREFUSED, UND_ERR_SOCKET, ...) down a chain of causes. */
function systemCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z\d_]{1,40}$/.test(error.code)) return error.code;
  return systemCode(error.cause, depth + 1);
}

/** An error inside a stream comes after the reply's status, which was 200; its type says what the status would have been. */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

const statusOf = ({ status, type }: SdkError): number | undefined =>
  status ?? (typeof type === 'string' ? STATUS_OF_TYPE[type] : undefined);

function kindOf(error: unknown, sdk: SdkErrors): Failure['kind'] {
  if (error instanceof sdk.APIConnectionTimeoutError || error instanceof sdk.APIUserAbortError) return 'timeout';
  if (error instanceof sdk.APIError && statusOf(error) !== undefined) return 'refused';
  // Without the system code, a connection that breaks inside the reply's body would look like a bug of ours.
  if (error instanceof sdk.APIConnectionError || systemCode(error) !== undefined) return 'unreachable';
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) return 'timeout';
  return 'unknown';
}

/** The message of an error body: { error: { message } }, { error: "..." }, { message } or { detail }. */
function wordsOf(body: unknown, depth = 0): string | undefined {
  if (typeof body === 'string') return body;
  if (typeof body !== 'object' || body === null || depth > 2) return undefined;
  const { error, message, detail } = body as Record<string, unknown>;
  return wordsOf(error, depth + 1) ?? wordsOf(message, depth + 1) ?? wordsOf(detail, depth + 1);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Anything that an SDK threw. */
export function readFailure(error: unknown, sdk: SdkErrors): Failure {
  const cause: Failure['cause'] = { name: error instanceof Error ? error.name : typeof error };
  const code = systemCode(error);
  if (code) cause['code'] = code;
  const kind = kindOf(error, sdk);
  if (!(error instanceof sdk.APIError)) return { kind, names: [], cause };
  const { type, requestID } = error;
  const status = statusOf(error);
  if (status !== undefined) cause['status'] = status;
  // Both come from the other side; a proxy could put anything there, so only their known forms pass.
  if (isText(type) && /^[a-z_]{1,40}$/.test(type)) cause['type'] = type;
  if (isText(requestID) && /^req_\w{1,60}$/.test(requestID)) cause['requestId'] = requestID;
  const words = wordsOf(error.error);
  return {
    kind,
    ...(status === undefined ? {} : { status }),
    ...(words === undefined ? {} : { words }),
    names: [error.code, error.param, type].filter(isText),
    cause,
  };
}
