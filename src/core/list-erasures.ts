import { z } from 'zod';
import { readCertificates, type ErasureCertificate } from '../store/erasure-certificates.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { subjectInput, toSubject } from './erase-subject.js';
import { cursor, optional, parseInput } from './parse-input.js';
import { hashOfSubject } from './rules/certificate.js';

export { documentOf } from './rules/certificate.js';

const listInput = z.object({
  subject: optional(subjectInput),
  limit: optional(z.number().int().min(1).max(1_000)),
  before: optional(cursor),
});

export interface ErasurePage {
  /** Newest first. */
  certificates: readonly ErasureCertificate[];
  hasMore: boolean;
}

/** Certificates of the account's erasures; those of one subject, if it is named. @throws AppError INVALID_INPUT */
export async function listErasures(
  { db }: Pick<Deps, 'db'>,
  { accountId }: Caller,
  input: Unchecked<z.input<typeof listInput>>,
): Promise<ErasurePage> {
  const { subject, limit = 50, before } = parseInput(listInput, input);
  const subjectHash = subject && (await hashOfSubject(toSubject(accountId, subject)));
  const certificates = await readCertificates(db, accountId, { before, limit: limit + 1, subjectHash });
  return { certificates: certificates.slice(0, limit), hasMore: certificates.length > limit };
}
