import { AppError } from '../errors.js';
import { readApiKey, type ApiKey } from '../store/api-keys.js';
import { authorize, tenantOf } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import type { Scope } from './rules/scopes.js';

/** A key of the caller's account, and of its tenant where the caller is bound to one. @throws AppError NOT_FOUND */
export async function findKey({ db }: Pick<Deps, 'db'>, caller: Caller, id: string): Promise<ApiKey> {
  const key = await readApiKey(db, caller, id);
  if (!key) throw new AppError('NOT_FOUND', 'There is no such API key.', { field: 'apiKeyId' });
  return key;
}

/** One that can still be used or changed. @throws AppError NOT_FOUND, CONFLICT */
export async function findActiveKey(deps: Pick<Deps, 'db'>, caller: Caller, id: string): Promise<ApiKey> {
  const key = await findKey(deps, caller, id);
  if (key.revokedAt) throw new AppError('CONFLICT', 'apiKeyId: this key was revoked', { field: 'apiKeyId' });
  return key;
}

/** Nobody gives what they do not have. @throws AppError FORBIDDEN, naming the scope */
export function assertHolds(caller: Caller, scopes: readonly string[]): void {
  for (const scope of scopes) authorize(caller, scope as Scope);
}

/** The binding of a new key: that of the key that makes it, unless that one has none. @throws AppError FORBIDDEN */
export const grantedTenant = (caller: Caller, asked: string | undefined): string | null =>
  asked === undefined && caller.boundTenant === undefined ? null : tenantOf(caller, asked);

/** A key that ends makes none that outlives it; null: for ever. @throws AppError FORBIDDEN */
export async function grantedUntil(
  { db }: Pick<Deps, 'db'>,
  caller: Caller,
  asked: Date | null | undefined,
): Promise<Date | null> {
  const own = (await readApiKey(db, caller, caller.apiKeyId))?.expiresAt ?? null;
  if (own === null) return asked ?? null;
  if (asked === undefined || (asked && asked <= own)) return asked ?? own;
  throw new AppError('FORBIDDEN', 'expiresAt: lies after the end of the API key that gives it', { field: 'expiresAt' });
}

/** Who does it, by the name under which it is logged. */
export const actorOf = ({ apiKeyId, shown }: Caller): string => shown?.publicId ?? apiKeyId;
