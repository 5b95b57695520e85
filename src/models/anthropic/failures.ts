import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
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

/** The first system error code (ECONNREFUSED, UND_ERR_SOCKET, ...) down a chain of causes. */
function systemCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z\d_]{1,40}$/.test(error.code)) return error.code;
  return systemCode(error.cause, depth + 1);
}

/** What an operator needs to find the call again. The original carries request, reply and headers, and a cause may be logged. */
function stripped(error: unknown): Record<string, string | number> {
  const kept: Record<string, string | number> = { name: error instanceof Error ? error.name : typeof error };
  const code = systemCode(error);
  if (code) kept['code'] = code;
  if (!(error instanceof APIError)) return kept;
  const { status, type, requestID } = error as APIError;
  if (status !== undefined) kept['status'] = status;
  // Both come from the other side; a proxy could put anything there, so only their known forms pass.
  if (type && /^[a-z_]{1,40}$/.test(type)) kept['type'] = type;
  if (requestID && /^req_\w{1,60}$/.test(requestID)) kept['requestId'] = requestID;
  return kept;
}

function refused(status: number): [code: 'UPSTREAM_FAILED' | 'UPSTREAM_UNAVAILABLE', message: string] {
  if (status === 401 || status === 403) return ['UPSTREAM_FAILED', "The model provider refused the server's key."];
  if (status === 404) return ['UPSTREAM_FAILED', 'The model provider does not know the model that was asked for.'];
  if (status === 429) return ['UPSTREAM_UNAVAILABLE', "The model provider's rate limit is reached. Try again later."];
  if (status === 408 || status === 409 || status >= 500)
    return ['UPSTREAM_UNAVAILABLE', 'The model provider is not available. Try again later.'];
  return ['UPSTREAM_FAILED', 'The model provider refused the request.'];
}

function describe(error: unknown): ReturnType<typeof refused> {
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError)
    return ['UPSTREAM_UNAVAILABLE', 'The model provider did not answer in time.'];
  if (error instanceof APIError && error.status !== undefined) return refused((error as APIError<number>).status);
  // Without the system code, a connection that breaks inside the reply's body would look like a bug of ours.
  if (error instanceof APIConnectionError || systemCode(error) !== undefined)
    return ['UPSTREAM_UNAVAILABLE', 'The model provider can not be reached.'];
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError'))
    return ['UPSTREAM_UNAVAILABLE', 'The model provider did not answer in time.'];
  return ['UPSTREAM_FAILED', 'The call to the model provider failed.'];
}

/** Anything the SDK threw, as the failure a caller may see: no key, no provider's body, no memory's text, neither in the cause. */
export function toUpstreamError(error: unknown): AppError {
  const [code, message] = describe(error);
  return new AppError(code, message, { cause: stripped(error) });
}
