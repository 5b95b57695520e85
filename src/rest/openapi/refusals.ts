import { STATUS, type ErrorCode } from '../../errors.js';
import type { Route } from '../call.js';
import type { Operation } from './operations.js';

/**
 * Who is refused in this way: every call; those that a blocked account may not make; those that take something (parameters or a
 * body); those that may have a body; those whose body is JSON; those that may bring a model of their own; those that say so
 * (`Operation.errors`); or none that the document describes.
 */
type Refused = 'every call' | 'unless open' | 'takes' | 'may have a body' | 'JSON' | 'with llm' | 'says so' | 'nowhere';

/** Every code of the table of failures has to say where it is given: one that is added can not be left out of the document. */
const REFUSALS = {
  INVALID_JSON: ['JSON', 'the body is not JSON'],
  UNAUTHENTICATED: ['every call', 'no API key, or none that is valid'],
  PLAN_BLOCKED: ['unless open', "the account's plan is blocked"],
  FORBIDDEN: ['every call', 'the API key lacks a scope, or what is asked for is of another tenant or account'],
  NOT_FOUND: ['says so', 'there is none'],
  CONFLICT: ['says so', 'it is so already, or it can not be any more'],
  CURSOR_EXPIRED: ['says so', 'the cursor lies further back than events are kept for'],
  REQUEST_TIMEOUT: ['every call', 'the request came too slowly'],
  BODY_TOO_LARGE: ['may have a body', 'the body is too long'],
  UNSUPPORTED_MEDIA_TYPE: [
    'may have a body',
    'the body says that it is packed, or (of JSON) that it is not JSON in UTF-8',
  ],
  INVALID_INPUT: ['takes', 'a field is missing, of the wrong type, or out of range; `field` names it'],
  QUOTA_EXCEEDED: ['says so', 'the write quota is used up'],
  RATE_LIMITED: ['every call', 'too many requests; `Retry-After` says when to come again'],
  HEADERS_TOO_LARGE: ['every call', 'the headers are longer than the server reads'],
  LLM_KEY_REFUSED: ['with llm', "the caller's model provider refused the key"],
  LLM_MODEL_REFUSED: ['with llm', "the caller's model provider does not know or allow the model"],
  LLM_RATE_LIMITED: ['with llm', "the caller's model provider asks for a slower pace"],
  INTERNAL: ['every call', 'a fault of the server'],
  UPSTREAM_FAILED: ['says so', 'the model provider refused'],
  UPSTREAM_UNAVAILABLE: ['says so', 'the model provider is down; try again later'],
  DATABASE_UNAVAILABLE: ['every call', 'the database can not be reached; try again shortly'],
  OVERLOADED: ['every call', 'too many requests are under way: nothing was done, send it again'],
  STORAGE_FULL: ['says so', 'the server has no room to take the body in'],
  TIMEOUT: ['every call', 'it took longer than a request may take, and was given up'],
  // Of another door, or of what is no operation.
  PERSISTED_OPERATION_NOT_FOUND: ['nowhere', ''],
  METHOD_NOT_ALLOWED: ['nowhere', ''],
  NOT_ACCEPTABLE: ['nowhere', ''],
  URI_TOO_LONG: ['nowhere', ''],
} as const satisfies Readonly<Record<ErrorCode, readonly [Refused, string]>>;
const CODES = Object.keys(REFUSALS) as ErrorCode[];

/** What an operation itself has to name, as it does not follow from what it is. */
export type OwnError = {
  [Code in ErrorCode]: (typeof REFUSALS)[Code][0] extends 'says so' ? Code : never;
}[ErrorCode];

/** What no code stands for: before any door is asked (http/unservable.ts), and where the documents say 400 for unusable input. */
const UNUSABLE = 400;
const UNUSABLE_MEANS = '`INVALID_INPUT`: the request can not be read, or unusable input for which 400 is documented';

/** The statuses, beside 200, that a call of the operation can be answered with. */
export function statusesOf(route: Route, operation: Operation): number[] {
  const codes = CODES.filter((code) => isGiven(code, route, operation)).map((code) => STATUS[code]);
  return [...new Set([UNUSABLE, ...codes])].sort((a, b) => a - b);
}

function isGiven(code: ErrorCode, route: Route, { body, parameters, errors }: Operation): boolean {
  const [refused] = REFUSALS[code];
  const byKind: Readonly<Record<Refused, boolean>> = {
    'every call': true,
    'unless open': route.isOpenWhenBlocked !== true,
    takes: body !== undefined || parameters !== undefined || route.path.includes('{'),
    'may have a body': route.method !== 'GET',
    JSON: body !== undefined && body.media === undefined,
    'with llm': body?.schema.properties?.['llm'] !== undefined,
    'says so': errors.some((own) => own === code),
    nowhere: false,
  };
  return byKind[refused];
}

/** What a status means, for people: each code that has it. */
export function meaningOf(status: number): string {
  const codes = CODES.filter((code) => STATUS[code] === status && REFUSALS[code][0] !== 'nowhere');
  const meanings = codes.map((code) => `\`${code}\`: ${REFUSALS[code][1]}`);
  return `${[...meanings, ...(status === UNUSABLE ? [UNUSABLE_MEANS] : [])].join('; ')}.`;
}
