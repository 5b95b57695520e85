import { z } from 'zod';
import { AppError } from '../errors.js';
import { asOnlyStarter, insertAccount, readAccounts, type Account } from '../store/accounts.js';
import { readApiKeyNamed, readApiKeys, type ApiKey } from '../store/api-keys.js';
import type { Tx } from '../store/client.js';
import { asSystem } from './act-for.js';
import type { Deps, Unchecked } from './deps.js';
import {
  alterKey,
  changeFields,
  endKey,
  keyFields,
  makeKey,
  renewKey,
  type KeyDeps,
  type MadeKey,
} from './make-key.js';
import { parseInput, text, uuid } from './parse-input.js';
import { PLAN_TIERS, startOfPeriod } from './rules/quota.js';
import { DEFAULT_SCOPES, FIRST_KEY_SCOPES } from './rules/scopes.js';

interface AccountDeps {
  db: Deps['db'] | Tx;
  now: Deps['now'];
}

const accountInput = z.object({ name: text(128), plan: z.enum(PLAN_TIERS).default('pro') });
const apiKeyInput = z.object({
  ...keyFields,
  accountId: uuid.optional(),
  autoSupersedeDefault: z.boolean().default(false),
});

/** Makes an account: the owner of memories, keys and a write quota. For operators: no API key can do this. */
export async function createAccount(
  { db, now }: AccountDeps,
  input: Unchecked<z.input<typeof accountInput>>,
): Promise<Account> {
  const { name, plan } = parseInput(accountInput, input);
  return insertAccount(db, { name, planTier: plan, periodStart: startOfPeriod(now()), now: now() });
}

/**
 * Makes a key of an account; of the only account, if none is named. `scopes`: DEFAULT_SCOPES where left out. For operators.
 * @throws AppError INVALID_INPUT when several accounts exist and none is named, NOT_FOUND for an unknown one.
 */
export async function createApiKey(
  deps: AccountDeps & Pick<KeyDeps, 'journal'>,
  input: Unchecked<z.input<typeof apiKeyInput>>,
): Promise<MadeKey> {
  const { accountId, ...checked } = parseInput(apiKeyInput, input);
  const account = chooseAccount(await readAccounts(deps.db), accountId);
  return makeKey(deps, { ...checked, scopes: checked.scopes ?? DEFAULT_SCOPES, accountId: account.id }, 'operator');
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

/** Revokes a key by its public id (the part between the underscores). For operators. @throws AppError NOT_FOUND */
export async function revokeApiKey(deps: KeyDeps, publicId: string): Promise<void> {
  await endKey(deps, await activeKey(deps, publicId), 'operator');
}

/** A new secret for a key, by its public id. For operators. @throws AppError NOT_FOUND, INVALID_INPUT; CONFLICT when it has expired */
export async function rotateApiKey(deps: KeyDeps, publicId: string, overlapHours: unknown): Promise<MadeKey> {
  return renewKey(deps, await activeKey(deps, publicId), overlapHours, 'operator');
}

const changeInput = z.object(changeFields);

/** Changes a key's name, scopes or end, by its public id. For operators. @throws AppError NOT_FOUND, INVALID_INPUT, CONFLICT */
export async function updateApiKey(
  deps: KeyDeps,
  publicId: string,
  input: Unchecked<z.input<typeof changeInput>>,
): Promise<ApiKey> {
  const asked = parseInput(changeInput, input);
  const key = await activeKey(deps, publicId);
  return alterKey(deps, key, asked, { by: 'operator', grant: (end) => Promise.resolve(end) });
}

async function activeKey({ db }: KeyDeps, publicId: string): Promise<ApiKey> {
  const key = await readApiKeyNamed(db, publicId);
  if (key && !key.revokedAt) return key;
  throw new AppError('NOT_FOUND', `There is no active key with the id ${publicId}.`, { field: 'publicId' });
}

/** On the very first start: an account with one key, which supersedes by itself as the quickstart shows. Null later on. */
export const createFirstApiKey = ({ db, now }: Pick<Deps, 'db' | 'now'>): Promise<MadeKey | null> =>
  asSystem(() =>
    asOnlyStarter(db, async (tx) => {
      if ((await readAccounts(tx)).length > 0) return null;
      await createAccount({ db: tx, now }, { name: 'default' });
      const scopes = [...FIRST_KEY_SCOPES];
      return createApiKey({ db: tx, now }, { name: 'first-run', autoSupersedeDefault: true, scopes });
    }),
  );
