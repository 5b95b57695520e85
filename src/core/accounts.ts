import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Tx } from '../store/client.js';
import {
  asOnlyStarter,
  insertAccount,
  insertApiKey,
  readAccounts,
  readApiKeys,
  revokeApiKey as revokeStoredKey,
  type Account,
  type ApiKey,
} from '../store/accounts.js';
import type { Deps, Unchecked } from './deps.js';
import { parseInput, text, uuid } from './parse-input.js';
import { createApiKeyText, parseApiKey } from './rules/api-key.js';
import { PLAN_TIERS, startOfPeriod } from './rules/quota.js';

interface AccountDeps {
  db: Deps['db'] | Tx;
  now: Deps['now'];
}

const accountInput = z.object({ name: text(128), plan: z.enum(PLAN_TIERS).default('pro') });
const apiKeyInput = z.object({
  name: text(128),
  accountId: uuid.optional(),
  autoSupersedeDefault: z.boolean().default(false),
});

export interface CreatedApiKey {
  /** The whole key. Shown this once: only its hash is stored. */
  key: string;
  apiKey: ApiKey;
}

/** Makes an account: the owner of memories, keys and a write quota. For operators: no API key can do this. */
export async function createAccount(
  { db, now }: AccountDeps,
  input: Unchecked<z.input<typeof accountInput>>,
): Promise<Account> {
  const { name, plan } = parseInput(accountInput, input);
  return insertAccount(db, { name, planTier: plan, periodStart: startOfPeriod(now()), now: now() });
}

/**
 * Makes a key of an account; of the only account, if none is named.
 * @throws AppError INVALID_INPUT when several accounts exist and none is named, NOT_FOUND for an unknown one.
 */
export async function createApiKey(
  { db, now }: AccountDeps,
  input: Unchecked<z.input<typeof apiKeyInput>>,
): Promise<CreatedApiKey> {
  const { name, accountId, autoSupersedeDefault } = parseInput(apiKeyInput, input);
  const account = chooseAccount(await readAccounts(db), accountId);
  const key = createApiKeyText();
  const parts = parseApiKey(key);
  if (!parts) throw new Error('a key that was just made does not parse');
  const apiKey = await insertApiKey(db, { accountId: account.id, name, ...parts, autoSupersedeDefault, now: now() });
  return { key, apiKey };
}

function chooseAccount(accounts: readonly Account[], accountId: string | undefined): Account {
  const [first, second] = accounts;
  if (accountId === undefined && second) {
    throw new AppError('INVALID_INPUT', 'accountId: is required, as there are several accounts', {
      field: 'accountId',
    });
  }
  const chosen = accountId === undefined ? first : accounts.find(({ id }) => id === accountId);
  if (!chosen) throw new AppError('NOT_FOUND', 'There is no such account.', { field: 'accountId' });
  return chosen;
}

/** All accounts with their plans, and the writes counted since `periodStart`, oldest first. */
export const listAccounts = ({ db }: Pick<Deps, 'db'>): Promise<Account[]> => readAccounts(db);

/** The keys of an account, or of all; never their secrets. */
export const listApiKeys = ({ db }: Pick<Deps, 'db'>, accountId?: string): ReturnType<typeof readApiKeys> =>
  readApiKeys(db, accountId);

/** Revokes a key by its public id (the part between the underscores). @throws AppError NOT_FOUND */
export async function revokeApiKey({ db, now }: Pick<Deps, 'db' | 'now'>, publicId: string): Promise<void> {
  if (!(await revokeStoredKey(db, publicId, now()))) {
    throw new AppError('NOT_FOUND', `There is no active key with the id ${publicId}.`, { field: 'publicId' });
  }
}

/** On the very first start: an account with one key, which supersedes by itself as the quickstart shows. Null later on. */
export const createFirstApiKey = ({ db, now }: Pick<Deps, 'db' | 'now'>): Promise<CreatedApiKey | null> =>
  asOnlyStarter(db, async (tx) => {
    if ((await readAccounts(tx)).length > 0) return null;
    await createAccount({ db: tx, now }, { name: 'default' });
    return createApiKey({ db: tx, now }, { name: 'first-run', autoSupersedeDefault: true });
  });
