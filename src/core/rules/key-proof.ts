import { timingSafeEqual } from 'node:crypto';
import type { StoredKey } from '../../store/api-keys.js';

type Secrets = Pick<StoredKey, 'secretHash' | 'previousSecretHash' | 'previousUntil' | 'expiresAt' | 'revokedAt'>;

/** Why a key is not accepted. */
export type Refusal = 'UNKNOWN' | 'REVOKED' | 'EXPIRED' | 'ROTATED';

/** Whether the hash is that of the key's secret, or of the one before. Both are compared whichever fits, each in constant time. */
export const hasSecret = (stored: Secrets, shownHash: Uint8Array): boolean =>
  [isCurrent(stored, shownHash), isPrevious(stored, shownHash)].includes(true);

const isCurrent = ({ secretHash }: Secrets, shownHash: Uint8Array): boolean => timingSafeEqual(secretHash, shownHash);

const isPrevious = ({ secretHash, previousSecretHash }: Secrets, shownHash: Uint8Array): boolean =>
  timingSafeEqual(previousSecretHash ?? secretHash, shownHash) && previousSecretHash !== null;

/** When what was shown is accepted no more: the key's end, or that of a secret before which it was given another. Null: never. */
export function endOfShown(stored: Secrets, shownHash: Uint8Array): Date | null {
  const { expiresAt, previousUntil } = stored;
  if (!previousUntil || isCurrent(stored, shownHash)) return expiresAt;
  return expiresAt && expiresAt < previousUntil ? expiresAt : previousUntil;
}

/** Why the key whose hash was shown is not accepted at `now`; null if it is. After a rotation it has two secrets for a while. */
export function refusalOf(stored: Secrets, shownHash: Uint8Array, now: Date): Refusal | null {
  const { previousUntil, expiresAt, revokedAt } = stored;
  if (!hasSecret(stored, shownHash)) return 'UNKNOWN';
  if (revokedAt) return 'REVOKED';
  if (expiresAt && expiresAt <= now) return 'EXPIRED';
  if (!isCurrent(stored, shownHash) && previousUntil && previousUntil <= now) return 'ROTATED';
  return null;
}
