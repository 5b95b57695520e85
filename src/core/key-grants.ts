import { AppError } from '../errors.js';
import { readApiKey, type ApiKey } from '../store/api-keys.js';
import { authorize, tenantOf } from './authorize.js';
import type { Caller, Deps } from './deps.js';
import { endOfShown, refusalOf } from './rules/key-proof.js';
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

/**
 * When the caller's right ends: with its key, or, where it showed the secret before a rotation, with that one. Null: never.
 * @throws AppError UNAUTHENTICATED when its key is accepted no more
 */
async function ownEnd({ db, now }: Pick<Deps, 'db' | 'now'>, caller: Caller): Promise<Date | null> {
  const own = await readApiKey(db, caller, caller.apiKeyId);
  const shown = caller.shown?.secretHash ?? own?.secretHash;
  // Proven by what was known a moment ago: to pass on its rights it must have them now.
  if (!own || !shown || refusalOf(own, shown, now())) throw new AppError('UNAUTHENTICATED', 'Invalid API key');
  return endOfShown(own, shown);
}

/** Who ends makes no key that outlives it; null: for ever. @throws AppError FORBIDDEN */
export async function grantedUntil(
  deps: Pick<Deps, 'db' | 'now'>,
  caller: Caller,
  asked: Date | null | undefined,
): Promise<Date | null> {
  const own = await ownEnd(deps, caller);
  if (own === null) return asked ?? null;
  if (asked === undefined || (asked && asked <= own)) return asked ?? own;
  throw new AppError('FORBIDDEN', 'expiresAt: lies after the end of the API key that gives it', { field: 'expiresAt' });
}

/**
 * Who ends gets no secret of a key that outlives it: with that it would not end. So of a leaked key that was rotated nobody takes
 * hold again with the secret before. @throws AppError FORBIDDEN
 */
export async function assertOutlives(deps: Pick<Deps, 'db' | 'now'>, caller: Caller, key: ApiKey): Promise<void> {
  const own = await ownEnd(deps, caller);
  if (own === null || (key.expiresAt && key.expiresAt <= own)) return;
  throw new AppError('FORBIDDEN', 'apiKeyId: this key ends after the one that asks', { field: 'apiKeyId' });
}

/** Who does it, by the name under which it is logged. */
export const actorOf = ({ apiKeyId, shown }: Caller): string => shown?.publicId ?? apiKeyId;
