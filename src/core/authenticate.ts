import { timingSafeEqual } from 'node:crypto';
import { AppError } from '../errors.js';
import { readApiKeyByPublicId } from '../store/accounts.js';
import type { Caller, Deps } from './deps.js';
import { parseApiKey } from './rules/api-key.js';
import { isBlocked } from './rules/quota.js';

const INVALID = 'Invalid API key';

/**
 * Who sends an `Authorization: Bearer aurra_...` header.
 * @throws AppError UNAUTHENTICATED when the header is missing, or the key is malformed, unknown or revoked: one text for
 * the last three, so that nobody learns which keys exist.
 */
export async function authenticate({ db }: Pick<Deps, 'db'>, authorization: string | null): Promise<Caller> {
  if (!authorization) throw new AppError('UNAUTHENTICATED', 'Not authenticated');
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  const key = token === undefined ? null : parseApiKey(token);
  if (!key) throw new AppError('UNAUTHENTICATED', INVALID);
  const stored = await readApiKeyByPublicId(db, key.publicId);
  if (!stored || stored.revokedAt || !timingSafeEqual(stored.secretHash, key.secretHash)) {
    throw new AppError('UNAUTHENTICATED', INVALID);
  }
  const { accountId, id: apiKeyId, planTier, planStatus } = stored;
  return { accountId, apiKeyId, planTier, isBlocked: isBlocked(planStatus) };
}
