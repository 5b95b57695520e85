import { timingSafeEqual } from 'node:crypto';
import type { StoredKey } from '../../store/api-keys.js';

type Secrets = Pick<StoredKey, 'secretHash' | 'previousSecretHash' | 'previousUntil' | 'expiresAt' | 'revokedAt'>;

/** Why a key is not accepted. */
export type Refusal = 'UNKNOWN' | 'REVOKED' | 'EXPIRED' | 'ROTATED';

/**
 * Whether the key whose hash was shown is the stored one at `now`; null if it is. After a rotation there are two for a while. Both
 * are compared whichever fits, each in constant time.
 */
export function refusalOf(stored: Secrets, shownHash: Uint8Array, now: Date): Refusal | null {
  const { secretHash, previousSecretHash, previousUntil, expiresAt, revokedAt } = stored;
  const isCurrent = timingSafeEqual(secretHash, shownHash);
  const isPrevious = timingSafeEqual(previousSecretHash ?? secretHash, shownHash) && previousSecretHash !== null;
  if (!isCurrent && !isPrevious) return 'UNKNOWN';
  if (revokedAt) return 'REVOKED';
  if (expiresAt && expiresAt <= now) return 'EXPIRED';
  if (!isCurrent && previousUntil && previousUntil <= now) return 'ROTATED';
  return null;
}
