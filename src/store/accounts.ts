import { randomUUID } from 'node:crypto';
import type { Account, ApiKey, Settings } from '../generated/prisma/client.js';
import { CHANNEL, REVOKED, type Db, type Tx } from './client.js';

export type { Account, ApiKey, Settings } from '../generated/prisma/client.js';

export interface NewAccount {
  name: string;
  planTier: string;
  periodStart: Date;
  now: Date;
}

export const insertAccount = (db: Db | Tx, { name, planTier, periodStart, now }: NewAccount): Promise<Account> =>
  db.account.create({
    data: { id: randomUUID(), name, planTier, periodStart, lastKnownAt: now, createdAt: now },
  });

/** An advisory lock of ours; any number that nobody else takes on this database. */
const FIRST_START_LOCK = 72_707_370;

/** Runs `work` in a transaction that only one process at a time is in: of nodes that start together one is the first. */
export const asOnlyStarter = <Result>(db: Db, work: (tx: Tx) => Promise<Result>): Promise<Result> =>
  db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${FIRST_START_LOCK})`;
    return work(tx);
  });

export const readAccount = (db: Db, id: string): Promise<Account> => db.account.findUniqueOrThrow({ where: { id } });

/** All accounts, oldest first. */
export const readAccounts = (db: Db | Tx): Promise<Account[]> => db.account.findMany({ orderBy: { createdAt: 'asc' } });

export interface NewApiKey {
  accountId: string;
  name: string;
  publicId: string;
  secretHash: Uint8Array<ArrayBuffer>;
  autoSupersedeDefault: boolean;
  now: Date;
}

/** Stores a key with its settings; nothing of the secret but its hash. */
export const insertApiKey = (db: Db | Tx, { now, autoSupersedeDefault, ...key }: NewApiKey): Promise<ApiKey> =>
  db.apiKey.create({
    data: { ...key, id: randomUUID(), createdAt: now, settings: { create: { autoSupersedeDefault } } },
  });

/** A key with the plan of its account. */
export type StoredKey = Pick<ApiKey, 'accountId' | 'id' | 'secretHash' | 'revokedAt'> &
  Pick<Account, 'planTier' | 'planStatus'>;

/** In one statement: every request begins with it. */
export async function readApiKeyByPublicId(db: Db, publicId: string): Promise<StoredKey | null> {
  const rows = await db.$queryRaw<StoredKey[]>`
    SELECT k.account_id AS "accountId", k.id, k.secret_hash AS "secretHash", k.revoked_at AS "revokedAt",
           a.plan_tier AS "planTier", a.plan_status AS "planStatus"
    FROM api_keys k JOIN accounts a ON a.id = k.account_id
    WHERE k.public_id = ${publicId}`;
  return rows[0] ?? null;
}

/** Null if there is no such account. */
export async function updatePlan(
  db: Db,
  id: string,
  data: Partial<Pick<Account, 'planTier' | 'planStatus'>>,
): Promise<Account | null> {
  const { count } = await db.account.updateMany({ where: { id }, data });
  return count === 0 ? null : readAccount(db, id);
}

/** Keys of one account, or of all, oldest first. */
export const readApiKeys = (db: Db, accountId: string | undefined): Promise<(ApiKey & { account: Account })[]> =>
  db.apiKey.findMany({
    ...(accountId === undefined ? {} : { where: { accountId } }),
    include: { account: true },
    orderBy: { createdAt: 'asc' },
  });

/** Revokes a key that is not revoked yet, and tells every server to end what it has open; false if there is none. */
export async function revokeApiKey(db: Db, publicId: string, now: Date): Promise<boolean> {
  const told = await db.$queryRaw<unknown[]>`
    WITH revoked AS (
      UPDATE api_keys SET revoked_at = ${now}::timestamptz WHERE public_id = ${publicId} AND revoked_at IS NULL RETURNING id
    )
    SELECT pg_notify(${CHANNEL}, ${REVOKED}::text || id::text) IS NULL AS notified FROM revoked`;
  return told.length > 0;
}

/** Those of these keys that are revoked. */
export async function readRevokedIds(db: Db, keys: readonly KeyId[]): Promise<string[]> {
  const accounts = [...new Set(keys.map(({ accountId }) => accountId))]; // every key of the table leads with it
  const rows = await db.apiKey.findMany({
    where: { accountId: { in: accounts }, id: { in: keys.map(({ apiKeyId }) => apiKeyId) }, revokedAt: { not: null } },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

interface KeyId {
  accountId: string;
  apiKeyId: string;
}

export const readSettings = (db: Db, { accountId, apiKeyId }: KeyId): Promise<Settings> =>
  db.settings.findUniqueOrThrow({ where: { accountId_apiKeyId: { accountId, apiKeyId } } });

/** Both in one statement: every write begins with them. */
export async function readAccountAndSettings(
  db: Db,
  { accountId, apiKeyId }: KeyId,
): Promise<{ account: AccountState; settings: Settings }> {
  const rows = await db.$queryRaw<(AccountState & Settings)[]>`
    SELECT a.plan_tier AS "planTier", a.writes_used AS "writesUsed", a.period_start AS "periodStart", a.last_seq AS "lastSeq",
           s.account_id AS "accountId", s.api_key_id AS "apiKeyId", s.auto_supersede_default AS "autoSupersedeDefault",
           s.excluded_categories AS "excludedCategories", s.min_confidence AS "minConfidence",
           s.classifier_model AS "classifierModel", s.freshness_half_life_days AS "freshnessHalfLifeDays"
    FROM accounts a JOIN settings s ON s.account_id = a.id AND s.api_key_id = ${apiKeyId}::uuid
    WHERE a.id = ${accountId}::uuid`;
  const [row] = rows;
  if (!row) throw new Error(`account ${accountId} or a key of it is gone`);
  return { account: row, settings: row };
}

export type AccountState = Pick<Account, 'planTier' | 'writesUsed' | 'periodStart' | 'lastSeq'>;

export type SettingsChange = Partial<Omit<Settings, 'accountId' | 'apiKeyId'>>;

export const updateSettings = (db: Db, { accountId, apiKeyId }: KeyId, data: SettingsChange): Promise<Settings> =>
  db.settings.update({ where: { accountId_apiKeyId: { accountId, apiKeyId } }, data });
