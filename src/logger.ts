import pino from 'pino';
import type { Config } from './config.js';
import { currentRequestId } from './http/request-id.js';
import { loggedError } from './logged-error.js';
import { redact } from './redact.js';

export type Logger = pino.Logger;

/** Fields that hold secrets in what libraries hand around, should one ever be logged. */
const SECRET_FIELDS = [
  'apiKey',
  'api_key',
  'authorization',
  'password',
  'secret',
  'connectionString',
  'text',
  'content',
];

interface LogOptions {
  /** Values that must not be in any line, as `secretsIn` finds them. */
  secrets?: readonly string[];
  destination?: pino.DestinationStream;
}

/**
 * Structured logs on standard error: standard output is for what a person asked for. Lines of a request carry its id. Errors come
 * without what may quote a memory or a key, and every line passes a last net that looks for secrets by their shape and value.
 */
export const createLogger = (
  level: Config['logLevel'],
  { secrets = [], destination = pino.destination(2) }: LogOptions = {},
): Logger =>
  pino(
    {
      level,
      mixin: requestFields,
      serializers: { err: loggedError, cause: loggedError },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]),
        censor: '[redacted]',
      },
      hooks: { streamWrite: (line) => redact(line, secrets) },
    },
    destination,
  );

function requestFields(): object {
  const requestId = currentRequestId();
  return requestId === undefined ? {} : { requestId };
}
