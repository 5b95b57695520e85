import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { readApiKeys } from '../store/api-keys.js';
import type { Tx } from '../store/client.js';
import { insertCertificate, readCertificateOf, type ErasureCertificate } from '../store/erasure-certificates.js';
import { erase, type ErasureCounts, type Subject } from '../store/erasure.js';
import { rehearse, withLedger, type Ledger } from '../store/ledger.js';
import { actForAccount } from './act-for.js';
import { authorize, tenantOf } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { optional, parseInput, sessionId, text, uuid } from './parse-input.js';
import { documentOf, hashOfDocument, hashOfSubject } from './rules/certificate.js';

export type { ErasureCertificate } from '../store/erasure-certificates.js';
export type { ErasureCounts } from '../store/erasure.js';

const subject = z.object({ tenantId: optional(z.union([z.literal(''), text(128)])), sessionId });

const isNamed = (named: z.output<typeof subject>): boolean => Object.values(named).some((name) => name !== undefined);
const HOW = { error: 'give tenantId, sessionId, or both', path: ['tenantId'] };

/** A tenant, "" being the default one; or a session, of that tenant or of the default one. */
export const subjectInput = subject.refine(isNamed, HOW);
export const eraseInput = subject
  .extend({ dryRun: optional(z.boolean()) })
  .refine(({ dryRun: _, ...named }) => isNamed(named), HOW);

export type EraseSubjectInput = z.input<typeof eraseInput>;

export interface EraseSubjectResult {
  /** Nothing was erased: the counts are what would have been. */
  isDryRun: boolean;
  /** What this call erased: all 0 where there was nothing, or nothing any more. */
  counts: ErasureCounts;
  /** Of this erasure; where nothing was left to erase, of the one before. Null in a dry run. */
  certificate: ErasureCertificate | null;
  cursor: bigint;
}

/** A subject with a million rows takes minutes; the account's writers wait meanwhile. */
const PATIENCE_MS = 15 * 60_000;
/** An event names at most this many of the erased; further ones follow in further events. */
const MAX_NAMED = 1_000;

type EraseDeps = Pick<Deps, 'db' | 'now'>;

interface Requester {
  accountId: string;
  boundTenant?: string | undefined;
  /** Under whose name events tell of it. */
  apiKeyId: string;
  /** What the certificate says; null for an operator. */
  requestedBy: string | null;
}

/**
 * Removes all that is stored of a tenant or a session, whatever it is, in one transaction: writers of the account come before it,
 * and are erased, or after it. Again does nothing. What remains is a certificate without text or name, and empty events. The
 * database's files are cleared by `vacuumErased`. @throws AppError INVALID_INPUT, FORBIDDEN
 */
export async function eraseSubject(
  deps: EraseDeps,
  caller: Caller,
  input: Unchecked<EraseSubjectInput>,
): Promise<EraseSubjectResult> {
  authorize(caller, 'memories:write');
  const { accountId, apiKeyId, boundTenant } = caller;
  // Events of a tenant that is erased come under another name, which a key bound to it may not give them.
  return actForAccount(caller, () => run(deps, { accountId, apiKeyId, boundTenant, requestedBy: apiKeyId }, input));
}

/** The same for an operator. @throws AppError INVALID_INPUT, NOT_FOUND for an unknown account or one that never had a key */
export async function eraseSubjectAsOperator(
  deps: EraseDeps,
  account: unknown,
  input: Unchecked<EraseSubjectInput>,
): Promise<EraseSubjectResult> {
  const accountId = parseInput(z.object({ accountId: uuid }), { accountId: account }).accountId;
  // Every event is some key's: told as the account's first.
  const [first] = await readApiKeys(deps.db, accountId);
  if (!first) throw new AppError('NOT_FOUND', 'There is no such account.', { field: 'accountId' });
  return run(deps, { accountId, apiKeyId: first.id, requestedBy: null }, input);
}

async function run(
  { db, now }: EraseDeps,
  requester: Requester,
  input: Unchecked<EraseSubjectInput>,
): Promise<EraseSubjectResult> {
  const { dryRun, ...named } = parseInput(eraseInput, input);
  const target = toSubject(requester, named);
  const subjectHash = await hashOfSubject(target);
  const work = (tx: Tx, ledger: Ledger) => eraseAndCertify(tx, ledger, requester, target, subjectHash);
  const limits = { timeout: PATIENCE_MS };
  const { result, cursor } = await (dryRun ? rehearse : withLedger)(db, requester, now, work, limits);
  return dryRun ? { isDryRun: true, ...result, certificate: null, cursor } : { isDryRun: false, ...result, cursor };
}

/** As it is stored. @throws AppError FORBIDDEN for another tenant than that of a bound key */
export const toSubject = (
  reach: Pick<Requester, 'accountId' | 'boundTenant'>,
  named: z.output<typeof subjectInput>,
): Subject => ({
  accountId: reach.accountId,
  tenantId: tenantOf(reach, named.tenantId),
  sessionId: named.sessionId,
});

async function eraseAndCertify(
  tx: Tx,
  ledger: Ledger,
  { accountId, requestedBy }: Requester,
  target: Subject,
  subjectHash: Uint8Array<ArrayBuffer>,
): Promise<Pick<EraseSubjectResult, 'counts'> & { certificate: ErasureCertificate }> {
  const id = randomUUID();
  const isTenant = target.sessionId === undefined;
  // Where the tenant's name itself goes, its events are told apart from those of others by the certificate.
  const pseudonym = `erased:${id}`;
  const { ids, counts } = await erase(tx, target, pseudonym, ledger.at);
  const isNothing = Object.values(counts).every((count: number) => count === 0);
  const before = isNothing ? await readCertificateOf(tx, accountId, subjectHash) : null;
  if (before) return { counts, certificate: before };
  const subjectKind = isTenant ? ('TENANT' as const) : ('SESSION' as const);
  const seq = tell(ledger, ids, isTenant ? pseudonym : target.tenantId, { certificateId: id, subject: subjectKind });
  const said = { accountId, id, seq, subjectKind, subjectHash, counts, apiKeyId: requestedBy, erasedAt: ledger.at };
  const certificate = await insertCertificate(tx, { ...said, hash: hashOfDocument(documentOf(said)) });
  return { counts, certificate };
}

/** Appends what feeds tell: which ids are gone, so that copies elsewhere can follow. Gives the last sequence number. */
function tell(ledger: Ledger, ids: readonly string[], tenant: string, about: object): bigint {
  let seq = ledger.cursor;
  for (let at = 0; at === 0 || at < ids.length; at += MAX_NAMED) {
    const memoryIds = ids.slice(at, at + MAX_NAMED);
    const details = { deletedCount: memoryIds.length, memoryIds, ...about };
    seq = ledger.append({ kind: 'DELETED', tenantId: tenant, details });
  }
  return seq;
}
