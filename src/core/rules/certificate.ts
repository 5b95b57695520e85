import { createHash, scrypt } from 'node:crypto';
import type { NewCertificate } from '../../store/erasure-certificates.js';
import type { Subject } from '../../store/erasure.js';

const HASH_LENGTH = 32;

/**
 * A subject's name as a hash: scrypt (RFC 7914, N = 16384, r = 8, p = 1), salted with the account's id, as names can be guessed.
 * The same subject of the same account has the same.
 */
export function hashOfSubject({ accountId, tenantId, sessionId }: Subject): Promise<Uint8Array<ArrayBuffer>> {
  const name = JSON.stringify(sessionId === undefined ? ['TENANT', tenantId] : ['SESSION', tenantId, sessionId]);
  return new Promise((resolve, reject) => {
    scrypt(name, accountId, HASH_LENGTH, (error, hash) => (error ? reject(error) : resolve(new Uint8Array(hash))));
  });
}

/** What a certificate says, as the text that its hash is of. The order of its fields is part of it. */
export function documentOf(certificate: Omit<NewCertificate, 'hash'>): string {
  const { id, accountId, subjectKind, subjectHash, apiKeyId, erasedAt, seq, counts } = certificate;
  const { memories, beliefs, chains, captures, events, proposals, replies, sentences, deliveries } = counts;
  return JSON.stringify({
    certificate: id,
    account: accountId,
    subjectKind,
    subjectHash: Buffer.from(subjectHash).toString('hex'),
    requestedBy: apiKeyId ?? 'operator',
    erasedAt: erasedAt.toISOString(),
    cursor: seq.toString(),
    counts: { memories, beliefs, chains, captures, events, proposals, replies, sentences, deliveries },
  });
}

export const hashOfDocument = (document: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(document).digest());
