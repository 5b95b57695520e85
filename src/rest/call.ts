import type { Caller, Deps } from '../core/deps.js';
import { readSettings } from '../core/settings.js';
import { AppError } from '../errors.js';
import type { View } from './wire.js';

export interface RestCall {
  deps: Deps;
  caller: Caller;
  /** Values of the path's `{names}`. */
  path: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Headers;
  /** The parsed JSON object; empty without a body, and where the route reads its body itself. */
  body: Readonly<Record<string, unknown>>;
  /** The body's bytes as they come, for a route that reads them itself. */
  bytes: AsyncIterable<Uint8Array>;
  /** Aborts when the client's connection closes. */
  signal: AbortSignal;
  report: ReportBug;
}

/** Tells the operator of an error that the caller is not to see. */
export type ReportBug = (error: unknown) => void;

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  /** Gives what is sent as JSON, or a response of its own kind. */
  run: (call: RestCall) => Promise<object>;
  /** The route reads its body itself, as it comes: the limit of bodies does not hold for it. */
  isStreamed?: true;
  /** Answers a blocked account too. */
  isOpenWhenBlocked?: true;
  /** Headers of a reply besides those that all have. */
  replyHeaders?: (call: RestCall) => Record<string, string>;
  /** No body means an empty object. */
  isBodyOptional?: true;
  /** What the documents say of unusable input where it is not 422. */
  invalidInput?: (error: AppError) => 'ownReply' | 'badRequest' | undefined;
}

/** What memories are shown with: the time, and the key's half-life, which is known with the key. */
export async function viewOf(call: RestCall): Promise<View> {
  const { freshnessHalfLifeDays } = call.caller;
  return freshnessHalfLifeDays === undefined ? laterViewOf(call) : { now: call.deps.now(), freshnessHalfLifeDays };
}

/** The same some time after the call began: the key's settings may be others by now. */
export async function laterViewOf({ deps, caller }: RestCall): Promise<View> {
  const { freshnessHalfLifeDays } = await readSettings(deps, caller);
  return { now: deps.now(), freshnessHalfLifeDays };
}

/** The two time axes as query parameters. */
export const asOfIn = (query: URLSearchParams) => ({
  valid: query.get('as_of'),
  known: query.get('transaction_as_of'),
});

/** A query parameter as the number it spells; anything else as it is, for the core to refuse by name. */
export const toNumber = (value: string | null): unknown =>
  value !== null && /^-?\d+$/.test(value) ? Number(value) : value;

/** @throws AppError INVALID_INPUT for a value that is neither yes nor no */
export function toBoolean(name: string, value: string | null): boolean {
  if (value === null || ['false', '0', 'no', 'off'].includes(value.toLowerCase())) return false;
  if (['true', '1', 'yes', 'on'].includes(value.toLowerCase())) return true;
  throw new AppError('INVALID_INPUT', `${name}: must be true or false`, { field: name });
}

/** A flag of a body. @throws AppError INVALID_INPUT for what is no boolean */
export function isTrue(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw new AppError('INVALID_INPUT', `${name}: must be true or false`, { field: name });
}
