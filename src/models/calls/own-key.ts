import { AppError } from '../../errors.js';
import type { Failure } from './failure.js';

type Said = [code: 'UPSTREAM_FAILED' | 'UPSTREAM_UNAVAILABLE', message: string];

function refused(status: number): Said {
  if (status === 401 || status === 403) return ['UPSTREAM_FAILED', "The model provider refused the server's key."];
  if (status === 404) return ['UPSTREAM_FAILED', 'The model provider does not know the model that was asked for.'];
  if (status === 429) return ['UPSTREAM_UNAVAILABLE', "The model provider's rate limit is reached. Try again later."];
  if (status === 408 || status === 409 || status >= 500)
    return ['UPSTREAM_UNAVAILABLE', 'The model provider is not available. Try again later.'];
  return ['UPSTREAM_FAILED', 'The model provider refused the request.'];
}

const SAID: Record<Exclude<Failure['kind'], 'refused'>, Said> = {
  timeout: ['UPSTREAM_UNAVAILABLE', 'The model provider did not answer in time.'],
  unreachable: ['UPSTREAM_UNAVAILABLE', 'The model provider can not be reached.'],
  broken: ['UPSTREAM_UNAVAILABLE', "The model provider's reply broke off. Try again later."],
  unknown: ['UPSTREAM_FAILED', 'The call to the model provider failed.'],
};

/** A failure of the server's own model. Callers see no word of the provider's: the key and the contract are the operator's. */
export function explainOwnKey({ kind, status, cause }: Failure): AppError {
  const [code, message] = kind === 'refused' ? refused(status ?? 0) : SAID[kind];
  return new AppError(code, message, { cause });
}
