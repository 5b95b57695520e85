import { randomBytes, randomUUID } from 'node:crypto';
import type { Caller, Deps } from '../../../src/core/deps.js';
import { DEFAULT_SCOPES } from '../../../src/core/rules/scopes.js';

const BATCH = 100;

/** New accounts with a key each, made a hundred at a time: a property test needs thousands. */
export function accountsOf({ db }: Pick<Deps, 'db'>, createdAt: Date): () => Promise<Caller> {
  const ready: Caller[] = [];
  return async () => {
    if (ready.length === 0) {
      const batch = Array.from({ length: BATCH }, () => ({ accountId: randomUUID(), apiKeyId: randomUUID() }));
      const accountIds = batch.map(({ accountId }) => accountId);
      const keyIds = batch.map(({ apiKeyId }) => apiKeyId);
      const periodStart = new Date(Date.UTC(createdAt.getUTCFullYear(), createdAt.getUTCMonth(), 1));
      await db.account.createMany({
        data: accountIds.map((id) => ({
          id,
          name: 'property',
          planTier: 'pro',
          periodStart,
          lastKnownAt: createdAt,
          createdAt,
        })),
      });
      await db.apiKey.createMany({
        data: keyIds.map((id, i) => ({
          id,
          accountId: accountIds[i] ?? '',
          publicId: id,
          name: 'property',
          secretHash: randomBytes(32),
          createdAt,
        })),
      });
      await db.settings.createMany({
        data: batch.map(({ accountId, apiKeyId }) => ({ accountId, apiKeyId })),
      });
      ready.push(...batch.map((ids) => ({ ...ids, scopes: new Set(DEFAULT_SCOPES) })));
    }
    const caller = ready.pop();
    if (!caller) throw new Error('there is always one');
    return caller;
  };
}
