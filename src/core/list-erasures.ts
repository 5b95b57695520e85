import { z } from 'zod';
import { readCertificates, type ErasureCertificate } from '../store/erasure-certificates.js';
import { authorize } from './authorize.js';
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

/**
 * Certificates of the account's erasures; those of one subject, if it is named. Of a key that is bound to a tenant those of that
 * tenant, as no certificate tells of which one it is. @throws AppError INVALID_INPUT, FORBIDDEN
 */
export async function listErasures(
  { db }: Pick<Deps, 'db'>,
  caller: Caller,
  input: Unchecked<z.input<typeof listInput>>,
): Promise<ErasurePage> {
  authorize(caller, 'memories:read');
  const { subject: named, limit = 50, before } = parseInput(listInput, input);
  const { boundTenant } = caller;
  const subject = named ?? (boundTenant === undefined ? undefined : { tenantId: boundTenant, sessionId: undefined });
  const subjectHash = subject && (await hashOfSubject(toSubject(caller, subject)));
  const certificates = await readCertificates(db, caller.accountId, { before, limit: limit + 1, subjectHash });
  return { certificates: certificates.slice(0, limit), hasMore: certificates.length > limit };
}
