import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PUBLIC_ID_LENGTH = 12;
const SECRET_LENGTH = 32; // 190.5 bits
const CHECKSUM_LENGTH = 6; // 62^6 > 2^32
const FORMAT = new RegExp(
  `^aurra_([0-9A-Za-z]{${PUBLIC_ID_LENGTH}})_([0-9A-Za-z]{${SECRET_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`,
);

export interface ApiKeyParts {
  /** Names the key in lists and look-ups; not secret. */
  publicId: string;
  /** SHA-256 of the whole key: enough for a secret of this entropy, and a thousand times cheaper than a password hash. */
  secretHash: Uint8Array<ArrayBuffer>;
}

/** `aurra_<public id>_<secret><checksum>`: a new key's text, shown once. */
export const createApiKeyText = (): string => renewApiKeyText(randomText(PUBLIC_ID_LENGTH));

/** The text of a key that has its public id, with a new secret. */
export function renewApiKeyText(publicId: string): string {
  const body = `aurra_${publicId}_${randomText(SECRET_LENGTH)}`;
  return body + checksum(body);
}

/** Null for what can not be a key: garbage is refused without asking the database. */
export function parseApiKey(key: string): ApiKeyParts | null {
  const match = FORMAT.exec(key);
  if (!match?.[1] || checksum(key.slice(0, -CHECKSUM_LENGTH)) !== match[3]) return null;
  return { publicId: match[1], secretHash: new Uint8Array(createHash('sha256').update(key).digest()) };
}

/** A name for what was shown, by its hash: another secret of the same key has another. */
export const nameOfShown = ({ secretHash }: ApiKeyParts): string => Buffer.from(secretHash).toString('base64');

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}

/** CRC-32 in base 62, as in GitHub's token format. */
function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
