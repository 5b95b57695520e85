import { AppError } from '../errors.js';
import type { StoredKey } from '../store/api-keys.js';
import type { Caller, Deps } from './deps.js';
import { nameOfShown, parseApiKey, type ApiKeyParts } from './rules/api-key.js';
import { refusalOf } from './rules/key-proof.js';
import { blockOf } from './rules/quota.js';
import type { Scope } from './rules/scopes.js';

const INVALID = 'Invalid API key';

type ProofDeps = Pick<Deps, 'keys' | 'keyUses' | 'now' | 'config'>;

/**
 * Who sends an `Authorization: Bearer aurra_...` header.
 * @throws AppError UNAUTHENTICATED when the header is missing, or the key is malformed, unknown, revoked, expired or rotated
 * away: one text for all but the first, so that nobody learns which keys exist.
 */
export async function authenticate(deps: ProofDeps, authorization: string | null): Promise<Caller> {
  if (!authorization) throw new AppError('UNAUTHENTICATED', 'Not authenticated');
  const key = keyIn(authorization);
  if (!key) throw new AppError('UNAUTHENTICATED', INVALID);
  return prove(deps, key);
}

function keyIn(authorization: string): ApiKeyParts | null {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  return token === undefined ? null : parseApiKey(token);
}

/**
 * A name for whoever sends this header, before it is proven: nobody has that of a key but who has the key. One for all whose
 * key was not proven before, with none among them: whoever makes keys up has as many as they like.
 */
export function senderOf({ keys }: Pick<Deps, 'keys'>, authorization: string | null): string {
  const shown = keyIn(authorization ?? '');
  return shown && keys.wasProven(shown) ? nameOfShown(shown) : '';
}

/** Who showed a key, as that key is now. @throws AppError UNAUTHENTICATED */
export async function prove({ keys, keyUses, now, config }: ProofDeps, shown: ApiKeyParts): Promise<Caller> {
  const stored = await keys.find(shown);
  if (!stored || refusalOf(stored, shown.secretHash, now())) throw new AppError('UNAUTHENTICATED', INVALID);
  const { freshnessHalfLifeDays } = stored;
  const caller = { ...callerOf(stored), shown, freshnessHalfLifeDays, block: blockOf(stored, config, now()) };
  keyUses.note(caller);
  return caller;
}

/** What is read of a key to act for it. */
type ActingKey = Pick<StoredKey, 'accountId' | 'id' | 'scopes' | 'boundTenant' | 'planTier'>;

/** Whoever has this key. */
export const callerOf = (key: ActingKey): Caller => ({
  accountId: key.accountId,
  apiKeyId: key.id,
  // The database checks the words.
  scopes: new Set(key.scopes as Scope[]),
  ...(key.boundTenant !== null && { boundTenant: key.boundTenant }),
  planTier: key.planTier,
});
