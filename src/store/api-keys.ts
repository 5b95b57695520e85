import { randomUUID } from 'node:crypto';
import { Prisma, type Account, type ApiKey, type Settings } from '../generated/prisma/client.js';
import { CHANNEL, KEY_CHANGED, type Db, type Tx } from './client.js';
import { asSystem } from './guard.js';
import type { Reach } from './reach.js';

export type { ApiKey } from '../generated/prisma/client.js';

type Bytes = Uint8Array<ArrayBuffer>;

export interface NewApiKey {
  accountId: string;
  name: string;
  publicId: string;
  secretHash: Bytes;
  scopes: readonly string[];
  /** As stored: empty for the default tenant; null: any. */
  boundTenant: string | null;
  expiresAt: Date | null;
  autoSupersedeDefault: boolean;
  now: Date;
}

/** Stores a key with its settings; nothing of the secret but its hash. */
export const insertApiKey = (db: Db | Tx, { now, autoSupersedeDefault, scopes, ...key }: NewApiKey): Promise<ApiKey> =>
  db.apiKey.create({
    data: {
      ...key,
      scopes: [...scopes],
      id: randomUUID(),
      createdAt: now,
      settings: { create: { autoSupersedeDefault } },
    },
  });

/** A key with the plan of its account, and what replies to it are shown with. */
export type StoredKey = Pick<
  ApiKey,
  | 'accountId'
  | 'id'
  | 'publicId'
  | 'secretHash'
  | 'previousSecretHash'
  | 'previousUntil'
  | 'revokedAt'
  | 'expiresAt'
  | 'scopes'
  | 'boundTenant'
> &
  Pick<Account, 'planTier' | 'planStatus' | 'writesUsed' | 'periodStart' | 'usedUpAt'> &
  Pick<Settings, 'freshnessHalfLifeDays'>;

const STORED = Prisma.sql`
  SELECT k.account_id AS "accountId", k.id, k.public_id AS "publicId", k.secret_hash AS "secretHash",
         k.previous_secret_hash AS "previousSecretHash", k.previous_until AS "previousUntil", k.revoked_at AS "revokedAt",
         k.expires_at AS "expiresAt", k.scopes, k.bound_tenant AS "boundTenant",
         a.plan_tier AS "planTier", a.plan_status AS "planStatus", a.writes_used AS "writesUsed",
         a.period_start AS "periodStart", a.used_up_at AS "usedUpAt", s.freshness_half_life_days AS "freshnessHalfLifeDays"
  FROM api_keys k JOIN accounts a ON a.id = k.account_id JOIN settings s ON s.account_id = k.account_id AND s.api_key_id = k.id`;

/** In one statement: what every request begins with, unless it is known. Whose key it is, and so who acts, is only known afterwards. */
export async function readApiKeyByPublicId(db: Db, publicId: string): Promise<StoredKey | null> {
  const rows = await asSystem(() => db.$queryRaw<StoredKey[]>`${STORED} WHERE k.public_id = ${publicId}`);
  return rows[0] ?? null;
}

/** Those of these keys, of any accounts, that there are, as they are now. */
export const readApiKeysById = (db: Db, ids: readonly string[], accountIds: readonly string[]): Promise<StoredKey[]> =>
  asSystem(
    () =>
      db.$queryRaw<
        StoredKey[]
      >`${STORED} WHERE k.account_id = ANY (${[...accountIds]}::uuid[]) AND k.id = ANY (${[...ids]}::uuid[])`,
  );

/** Who is bound to a tenant knows of the keys that are bound to the same. */
const within = ({ accountId, boundTenant }: Reach): Prisma.ApiKeyWhereInput => ({
  accountId,
  ...(boundTenant !== undefined && { boundTenant }),
});

export const readApiKey = (db: Db | Tx, reach: Reach, id: string): Promise<ApiKey | null> =>
  db.apiKey.findFirst({ where: { ...within(reach), id } });

/** A page of keys, oldest first. */
export const listApiKeys = (
  db: Db,
  reach: Reach,
  { after, limit }: { after: { createdAt: Date; id: string } | undefined; limit: number },
): Promise<ApiKey[]> =>
  db.apiKey.findMany({
    where: {
      ...within(reach),
      ...(after && {
        OR: [{ createdAt: { gt: after.createdAt } }, { createdAt: after.createdAt, id: { gt: after.id } }],
      }),
    },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: limit,
  });

/** Keys of one account, or of all, oldest first. For operators. */
export const readApiKeys = (db: Db, accountId: string | undefined): Promise<(ApiKey & { account: Account })[]> =>
  db.apiKey.findMany({
    ...(accountId === undefined ? {} : { where: { accountId } }),
    include: { account: true },
    orderBy: { createdAt: 'asc' },
  });

/** By the part of its text that is no secret. */
export const readApiKeyNamed = (db: Db, publicId: string): Promise<ApiKey | null> =>
  db.apiKey.findUnique({ where: { publicId } });

export type KeyChange = Partial<
  Pick<ApiKey, 'name' | 'expiresAt' | 'revokedAt' | 'secretHash' | 'previousSecretHash' | 'previousUntil'>
> & { scopes?: string[] };

/**
 * Changes a key that is not revoked, and tells every server, which then looks at what it has open and what it kept of it. `was`:
 * the secret that it must still have. Null if there is no such key any more.
 */
export async function changeApiKey(
  db: Db,
  { accountId, id }: Pick<ApiKey, 'accountId' | 'id'>,
  change: KeyChange,
  was?: Bytes,
): Promise<ApiKey | null> {
  return db.$transaction(async (tx) => {
    const where = { accountId, id, revokedAt: null, ...(was && { secretHash: was }) };
    const [changed] = await tx.apiKey.updateManyAndReturn({ where, data: change });
    if (!changed) return null;
    await tellOfKey(tx, id);
    return changed;
  });
}

/** Every server forgets what it kept of the key, once the transaction is committed. */
export const tellOfKey = (tx: Tx, id: string): Promise<unknown> =>
  tx.$queryRaw`SELECT pg_notify(${CHANNEL}, ${KEY_CHANGED}::text || ${id}::text) IS NULL AS notified`;

export interface KeyUse {
  accountId: string;
  apiKeyId: string;
  at: Date;
}

/** Notes when keys, of any accounts, were last used, but for those of which a later or hardly earlier instant is noted: one statement. */
export async function recordKeyUse(db: Db, uses: readonly KeyUse[], everyMs: number): Promise<void> {
  await asSystem(
    () => db.$executeRaw`
    UPDATE api_keys k SET last_used_at = use.at
    FROM jsonb_to_recordset(${JSON.stringify(uses)}::jsonb) AS use ("accountId" uuid, "apiKeyId" uuid, at timestamptz)
    WHERE k.account_id = use."accountId" AND k.id = use."apiKeyId"
      AND (k.last_used_at IS NULL OR k.last_used_at <= use.at - ${everyMs} * interval '1 millisecond')`,
  );
}
