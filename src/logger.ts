import pino from 'pino';
import type { Config } from './config.js';

export type Logger = pino.Logger;

/** Structured logs on standard error: standard output is for what a person asked for. */
export const createLogger = (level: Config['logLevel']): Logger =>
  pino({ level, redact: ['err.config', 'req.headers.authorization'] }, pino.destination(2));
