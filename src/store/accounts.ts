import { randomUUID } from 'node:crypto';
import type { Account, Settings } from '../generated/prisma/client.js';
import { tellOfKey } from './api-keys.js';
import { CHANNEL, PLAN_CHANGED, type Db, type Tx } from './client.js';

export type { Account, Settings } from '../generated/prisma/client.js';

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

/**
 * Null if there is no such account. Another plan may be a smaller one, whose quota is used up from now on; where it is not, nobody
 * asks since when. Tells every server, which keep for a moment what they know of a key.
 */
export async function updatePlan(
  db: Db,
  id: string,
  changes: Partial<Pick<Account, 'planTier' | 'planStatus'>>,
  now: Date,
): Promise<Account | null> {
  const data = { ...changes, ...(changes.planTier !== undefined && { usedUpAt: now }) };
  const { count } = await db.account.updateMany({ where: { id }, data });
  if (count === 0) return null;
  await db.$queryRaw`SELECT pg_notify(${CHANNEL}, ${PLAN_CHANGED}::text || ${id}::text) IS NULL AS notified`;
  return readAccount(db, id);
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
    SELECT a.plan_tier AS "planTier", a.writes_used AS "writesUsed", a.period_start AS "periodStart",
           a.used_up_at AS "usedUpAt", a.last_seq AS "lastSeq",
           s.account_id AS "accountId", s.api_key_id AS "apiKeyId", s.auto_supersede_default AS "autoSupersedeDefault",
           s.excluded_categories AS "excludedCategories", s.min_confidence AS "minConfidence",
           s.classifier_model AS "classifierModel", s.freshness_half_life_days AS "freshnessHalfLifeDays"
    FROM accounts a JOIN settings s ON s.account_id = a.id AND s.api_key_id = ${apiKeyId}::uuid
    WHERE a.id = ${accountId}::uuid`;
  const [row] = rows;
  if (!row) throw new Error(`account ${accountId} or a key of it is gone`);
  return { account: row, settings: row };
}

export type AccountState = Pick<Account, 'planTier' | 'writesUsed' | 'periodStart' | 'usedUpAt' | 'lastSeq'>;

export type SettingsChange = Partial<Omit<Settings, 'accountId' | 'apiKeyId'>>;

/** Tells every server: some of it is kept for a moment with the key. */
export const updateSettings = (db: Db, { accountId, apiKeyId }: KeyId, data: SettingsChange): Promise<Settings> =>
  db.$transaction(async (tx) => {
    const changed = await tx.settings.update({ where: { accountId_apiKeyId: { accountId, apiKeyId } }, data });
    await tellOfKey(tx, apiKeyId);
    return changed;
  });
