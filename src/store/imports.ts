import { Prisma, type MemoryImport } from '../generated/prisma/client.js';
import { CHANNEL, type Db, type Tx } from './client.js';
import type { Reach } from './reach.js';

export type { MemoryImport } from '../generated/prisma/client.js';

export interface ImportClaim {
  accountId: string;
  id: string;
  apiKeyId: string;
  key: string;
  contentHash: Uint8Array<ArrayBuffer>;
  runner: string;
  rowsTotal: number;
  /** The one tenant of its rows; undefined: any. */
  boundTenant?: string | undefined;
  now: Date;
}

/** The import of this id within reach, or null. */
export const readImport = (db: Db, { accountId, boundTenant }: Reach, id: string): Promise<MemoryImport | null> =>
  db.memoryImport.findUnique({
    where: { accountId_id: { accountId, id }, ...(boundTenant !== undefined && { boundTenant }) },
  });

/** The import of this key, or null. */
export const readImportByKey = (db: Db, { accountId }: Reach, key: string): Promise<MemoryImport | null> =>
  db.memoryImport.findUnique({ where: { accountId_key: { accountId, key } } });

/**
 * Begins an import, or goes on with the one of this key: from here on the claimer alone advances it. Null if that one is of
 * other content.
 */
export async function claimImport(db: Db, claim: ImportClaim): Promise<MemoryImport | null> {
  const { accountId, id, apiKeyId, key, contentHash, runner, rowsTotal, boundTenant = null, now } = claim;
  const rows = await db.$queryRaw<MemoryImport[]>`
    INSERT INTO imports AS i (account_id, id, api_key_id, key, content_hash, runner, state, rows_total, bound_tenant,
                              created_at, updated_at)
    VALUES (${accountId}::uuid, ${id}::uuid, ${apiKeyId}::uuid, ${key}, ${contentHash}, ${runner}::uuid,
            ${rowsTotal === 0 ? 'DONE' : 'RUNNING'}, ${rowsTotal}::integer, ${boundTenant}, ${now}::timestamptz, ${now}::timestamptz)
    ON CONFLICT (account_id, key) DO UPDATE
      SET runner = excluded.runner, updated_at = excluded.updated_at, failure = NULL,
          state = CASE WHEN i.state = 'DONE' THEN 'DONE' ELSE 'RUNNING' END
      WHERE i.content_hash = excluded.content_hash
    RETURNING ${COLUMNS}, pg_notify(${CHANNEL}, ${accountId}) IS NULL AS notified`;
  return rows[0] ?? null;
}

type Run = Pick<ImportClaim, 'accountId' | 'id' | 'runner'>;

/** What one batch brought. */
export interface ImportStep {
  stored: number;
  duplicates: number;
  rejected: number;
  at: Date;
}

/**
 * Moves an import on, in the transaction of its batch, and tells who follows it. Null if another request has taken it over:
 * then nothing may be stored.
 */
export async function advanceImport(tx: Tx, run: Run, step: ImportStep): Promise<MemoryImport | null> {
  const { stored, duplicates, rejected, at } = step;
  const done = Prisma.sql`rows_done + ${stored + duplicates + rejected}::integer`;
  const rows = await tx.$queryRaw<MemoryImport[]>`
    UPDATE imports SET rows_done = ${done}, stored = stored + ${stored}::integer,
      duplicates = duplicates + ${duplicates}::integer, rejected = rejected + ${rejected}::integer,
      state = CASE WHEN ${done} = rows_total THEN 'DONE' ELSE state END, updated_at = ${at}::timestamptz
    WHERE ${isRun(run)} RETURNING ${COLUMNS}, pg_notify(${CHANNEL}, ${run.accountId}) IS NULL AS notified`;
  return rows[0] ?? null;
}

/** Ends an import before its last row, unless another request has taken it over. */
export async function failImport(db: Db, run: Run, failure: string, at: Date): Promise<MemoryImport | null> {
  const rows = await db.$queryRaw<MemoryImport[]>`
    UPDATE imports SET state = 'FAILED', failure = ${failure}, updated_at = ${at}::timestamptz
    WHERE ${isRun(run)} RETURNING ${COLUMNS}, pg_notify(${CHANNEL}, ${run.accountId}) IS NULL AS notified`;
  return rows[0] ?? null;
}

const isRun = ({ accountId, id, runner }: Run): Prisma.Sql =>
  Prisma.sql`account_id = ${accountId}::uuid AND id = ${id}::uuid AND runner = ${runner}::uuid AND state = 'RUNNING'`;

const COLUMNS = Prisma.sql`account_id AS "accountId", id, api_key_id AS "apiKeyId", key, content_hash AS "contentHash", runner,
  state, failure, rows_total AS "rowsTotal", rows_done AS "rowsDone", stored, duplicates, rejected,
  bound_tenant AS "boundTenant", created_at AS "createdAt", updated_at AS "updatedAt"`;
