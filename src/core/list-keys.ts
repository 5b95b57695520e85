import { z } from 'zod';
import { AppError } from '../errors.js';
import { readAccount } from '../store/accounts.js';
import { listApiKeys as readPage, readApiKey, type ApiKey } from '../store/api-keys.js';
import { authorize } from './authorize.js';
import type { Caller, Deps, Unchecked } from './deps.js';
import { instant, optional, parseInput, uuid } from './parse-input.js';

const pageInput = z.object({
  limit: optional(z.number().int().min(1).max(1_000)),
  after: optional(z.object({ createdAt: instant, id: uuid })),
});

export type { ApiKey } from '../store/api-keys.js';

export interface KeyPage {
  /** Oldest first, revoked ones included. */
  keys: readonly ApiKey[];
  hasMore: boolean;
}

/** Keys of the caller's account; where it is bound to a tenant, those that are bound to the same. @throws AppError INVALID_INPUT */
export async function listKeys(
  { db }: Deps,
  caller: Caller,
  input: Unchecked<z.input<typeof pageInput>>,
): Promise<KeyPage> {
  authorize(caller, 'keys');
  const { limit = 50, after } = parseInput(pageInput, input);
  const keys = await readPage(db, caller, { after, limit: limit + 1 });
  return { keys: keys.slice(0, limit), hasMore: keys.length > limit };
}

/** Who a caller is. */
export interface Viewer {
  accountId: string;
  accountName: string;
  apiKey: ApiKey;
  /** Sequence number of the account's newest event. */
  cursor: bigint;
}

/** The caller itself: needs no scope, so that whoever was given a key can see what it is for. */
export async function viewer({ db }: Deps, caller: Caller): Promise<Viewer> {
  const [account, apiKey] = await Promise.all([
    readAccount(db, caller.accountId),
    readApiKey(db, caller, caller.apiKeyId),
  ]);
  if (!apiKey) throw new AppError('UNAUTHENTICATED', 'Invalid API key');
  return { accountId: account.id, accountName: account.name, apiKey, cursor: account.lastSeq };
}
