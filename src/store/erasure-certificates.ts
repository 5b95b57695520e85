import type { ErasureCertificate as Row, Prisma } from '../generated/prisma/client.js';
import type { Db, Tx } from './client.js';
import { CHANNEL, ERASED } from './client.js';
import type { ErasureCounts } from './erasure.js';

/** What remains of an erasure. */
export type ErasureCertificate = Omit<Row, 'counts' | 'subjectKind'> & {
  subjectKind: 'TENANT' | 'SESSION';
  counts: ErasureCounts;
};

export type NewCertificate = Omit<ErasureCertificate, 'clearedAt'>;

// Written by insertCertificate alone; the database checks the kind.
const toCertificate = (row: Row): ErasureCertificate => row as unknown as ErasureCertificate;

/** Stores a certificate, in the transaction of its erasure, and has every server forget what it holds of the account. */
export async function insertCertificate(
  tx: Tx,
  { counts, ...certificate }: NewCertificate,
): Promise<ErasureCertificate> {
  const data = { ...certificate, counts: counts as unknown as Prisma.InputJsonObject };
  const stored = await tx.erasureCertificate.create({ data });
  await tx.$queryRaw`SELECT pg_notify(${CHANNEL}, ${ERASED}::text || ${certificate.accountId}::text) IS NULL AS notified`;
  return toCertificate(stored);
}

/** The newest certificate of a subject, or null. */
export async function readCertificateOf(
  tx: Tx,
  accountId: string,
  subjectHash: Uint8Array<ArrayBuffer>,
): Promise<ErasureCertificate | null> {
  const row = await tx.erasureCertificate.findFirst({ where: { accountId, subjectHash }, orderBy: { seq: 'desc' } });
  return row && toCertificate(row);
}

/** Certificates of an account, newest first; of one subject if its hash is given. */
export async function readCertificates(
  db: Db,
  accountId: string,
  page: { before: bigint | undefined; limit: number; subjectHash: Uint8Array<ArrayBuffer> | undefined },
): Promise<ErasureCertificate[]> {
  const { before, limit, subjectHash } = page;
  const where = {
    accountId,
    ...(before !== undefined && { seq: { lt: before } }),
    ...(subjectHash && { subjectHash }),
  };
  return (await db.erasureCertificate.findMany({ where, orderBy: { seq: 'desc' }, take: limit })).map(toCertificate);
}

type Ids = Pick<Row, 'accountId' | 'id'>;

/** Those of which the files may still hold remains. */
export const readUncleared = (db: Db): Promise<Ids[]> =>
  db.erasureCertificate.findMany({ where: { clearedAt: null }, select: { accountId: true, id: true } });

/** Notes that the files hold nothing any more of these. */
export async function markCleared(db: Db, certificates: readonly Ids[], clearedAt: Date): Promise<void> {
  await db.$executeRaw`
    UPDATE erasure_certificates c SET cleared_at = ${clearedAt}::timestamptz
    FROM unnest(${certificates.map(({ accountId }) => accountId)}::uuid[], ${certificates.map(({ id }) => id)}::uuid[])
      AS of (account_id, id)
    WHERE c.account_id = of.account_id AND c.id = of.id`;
}
