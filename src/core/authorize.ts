import { AppError } from '../errors.js';
import type { Caller } from './deps.js';
import { storedTenant } from './parse-input.js';
import type { Scope } from './rules/scopes.js';

/** The first line of every verb: what it needs of the key that calls it. @throws AppError FORBIDDEN, naming the scope */
export function authorize({ scopes }: Pick<Caller, 'scopes'>, needed: Scope): void {
  if (!scopes.has(needed)) throw new AppError('FORBIDDEN', `This API key lacks the scope ${needed}.`);
}

/**
 * The tenant that a call is about, as it is stored: of a key that is bound to one, that one. The refusal is the same whether or not
 * there is anything in the other tenant. @throws AppError FORBIDDEN, naming `field`
 */
export function tenantOf(
  { boundTenant }: Pick<Caller, 'boundTenant'>,
  tenantId: string | undefined,
  field = 'tenantId',
): string {
  if (boundTenant === undefined) return storedTenant(tenantId);
  if (tenantId === undefined || tenantId === boundTenant) return boundTenant;
  throw new AppError('FORBIDDEN', `${field}: is not the tenant that this API key is bound to`, { field });
}

/** Names all whose results may be shared: callers of one account, one binding and the same rights. */
export const audienceOf = ({ accountId, boundTenant, scopes }: Caller): string =>
  JSON.stringify([accountId, boundTenant ?? null, [...scopes].sort()]);
