import pino from 'pino';
import type { Config } from './config.js';
import { currentRequestId } from './http/request-id.js';

export type Logger = pino.Logger;

/** Structured logs on standard error: standard output is for what a person asked for. Lines of a request carry its id. */
export const createLogger = (level: Config['logLevel'], destination = pino.destination(2)): Logger =>
  pino({ level, redact: ['err.config', 'req.headers.authorization'], mixin: requestFields }, destination);

function requestFields(): object {
  const requestId = currentRequestId();
  return requestId === undefined ? {} : { requestId };
}
