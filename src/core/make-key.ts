import { z } from 'zod';
import { AppError } from '../errors.js';
import { changeApiKey, insertApiKey, type ApiKey, type KeyChange, type NewApiKey } from '../store/api-keys.js';
import type { Db, Tx } from '../store/client.js';
import type { Deps } from './deps.js';
import { instant, optional, parseInput, text } from './parse-input.js';
import { createApiKeyText, parseApiKey, renewApiKeyText } from './rules/api-key.js';
import { SCOPES, type Scope } from './rules/scopes.js';

export type { ApiKey } from '../store/api-keys.js';

/** `keys`, `sessions` and `journal` where a server runs: it then knows at once. */
export type KeyDeps = Pick<Deps, 'db' | 'now'> & Partial<Pick<Deps, 'keys' | 'sessions' | 'journal'>>;

export const scopesInput = z
  .array(z.enum(SCOPES, { error: `must be of ${SCOPES.join(', ')}` }))
  .min(1)
  .transform((scopes): readonly Scope[] => SCOPES.filter((scope) => scopes.includes(scope)));

/** What a new key takes. */
export const keyFields = {
  name: text(128),
  scopes: optional(scopesInput),
  /** Left out: any tenant. Empty: the default one. */
  boundTenant: optional(z.union([z.literal(''), text(128)])),
  expiresAt: optional(instant),
};

/** What may change of one; what is left out stays. */
export const changeFields = {
  name: optional(text(128)),
  scopes: keyFields.scopes,
  expiresAt: keyFields.expiresAt,
  isPermanent: optional(z.boolean()),
};

const OVERLAP_HOURS = 24;
const MAX_OVERLAP_HOURS = 7 * 24;
const overlapInput = z.object({
  overlapHours: optional(
    z.number().min(0).max(MAX_OVERLAP_HOURS, `must be a number between 0 and ${MAX_OVERLAP_HOURS}`),
  ),
});

export interface MadeKey {
  /** The whole key. Shown this once: only its hash is stored. */
  key: string;
  apiKey: ApiKey;
}

interface KeyTerms {
  accountId: string;
  name: string;
  scopes: readonly Scope[];
  /** As stored; null: any tenant. */
  boundTenant?: string | null | undefined;
  expiresAt?: Date | null | undefined;
  autoSupersedeDefault: boolean;
}

/** Makes a key. `by`: the public id of the key that does, or `operator`. @throws AppError INVALID_INPUT */
export async function makeKey(
  { db, now, journal }: { db: Db | Tx; now: Deps['now'] } & Pick<KeyDeps, 'journal'>,
  { boundTenant = null, expiresAt = null, ...terms }: KeyTerms,
  by: string,
): Promise<MadeKey> {
  assertAhead(expiresAt, now());
  assertMayBeBound(terms.scopes, boundTenant);
  const { key, ...secret } = withHash(createApiKeyText());
  const made: NewApiKey = { ...terms, ...secret, boundTenant, expiresAt, now: now() };
  const apiKey = await insertApiKey(db, made);
  journal?.info(
    { ...nameOf(apiKey, by), scopes: apiKey.scopes, isBound: boundTenant !== null, expiresAt },
    'API key made',
  );
  return { key, apiKey };
}

/** Accounts have no tenant: who sees one alone can not administer them. @throws AppError INVALID_INPUT */
function assertMayBeBound(scopes: readonly string[], boundTenant: string | null): void {
  if (boundTenant === null || !scopes.includes('admin')) return;
  throw new AppError('INVALID_INPUT', 'scopes: admin does not go with a tenant', { field: 'scopes' });
}

/** @throws AppError INVALID_INPUT */
function assertAhead(expiresAt: Date | null | undefined, now: Date): void {
  if (!expiresAt || expiresAt > now) return;
  throw new AppError('INVALID_INPUT', 'expiresAt: must lie ahead', { field: 'expiresAt' });
}

function withHash(key: string) {
  const parts = parseApiKey(key);
  if (!parts) throw new Error('a key that was just made does not parse');
  return { key, ...parts };
}

/** Gives a key a new secret; the one before is accepted for so many hours more. @throws AppError INVALID_INPUT, CONFLICT */
export async function renewKey(deps: KeyDeps, old: ApiKey, hours: unknown, by: string): Promise<MadeKey> {
  const { overlapHours = OVERLAP_HOURS } = parseInput(overlapInput, { overlapHours: hours });
  if (old.expiresAt && old.expiresAt <= deps.now())
    throw new AppError('CONFLICT', 'apiKeyId: this key has expired', { field: 'apiKeyId' });
  const { key, secretHash } = withHash(renewApiKeyText(old.publicId));
  const previous =
    overlapHours === 0
      ? { previousSecretHash: null, previousUntil: null }
      : {
          previousSecretHash: old.secretHash,
          previousUntil: new Date(deps.now().getTime() + overlapHours * 3_600_000),
        };
  // Of two that rotate at once one would be given a secret that is none.
  const apiKey = await change(deps, old, { secretHash, ...previous }, old.secretHash);
  deps.journal?.info({ ...nameOf(apiKey, by), overlapHours }, 'API key rotated');
  return { key, apiKey };
}

/** @throws AppError CONFLICT */
export async function endKey(deps: KeyDeps, key: ApiKey, by: string): Promise<ApiKey> {
  const ended = await change(deps, key, { revokedAt: deps.now() });
  deps.journal?.info(nameOf(ended, by), 'API key revoked');
  return ended;
}

type Asked = Partial<z.output<z.ZodObject<typeof changeFields>>>;

/** Changes a key as asked. `grant`: the end that it may be given, null being none. @throws AppError INVALID_INPUT, CONFLICT */
export async function alterKey(
  deps: KeyDeps,
  key: ApiKey,
  { name, scopes, expiresAt, isPermanent = false }: Asked,
  { by, grant }: { by: string; grant: (end: Date | null) => Promise<Date | null> },
): Promise<ApiKey> {
  if (isPermanent && expiresAt)
    throw new AppError('INVALID_INPUT', 'isPermanent: does not go with expiresAt', { field: 'isPermanent' });
  assertMayBeBound(scopes ?? [], key.boundTenant);
  assertAhead(expiresAt, deps.now());
  const changes: KeyChange = {
    ...(name !== undefined && { name }),
    ...(scopes && { scopes: [...scopes] }),
    ...((isPermanent || expiresAt !== undefined) && { expiresAt: await grant(expiresAt ?? null) }),
  };
  if (Object.keys(changes).length === 0) throw new AppError('INVALID_INPUT', 'Give at least one thing to change.');
  const altered = await change(deps, key, changes);
  const now = { scopes: altered.scopes, expiresAt: altered.expiresAt };
  deps.journal?.info({ ...nameOf(altered, by), ...now }, 'API key changed');
  return altered;
}

/** Changes a key for this server too, at once. */
async function change(deps: KeyDeps, key: ApiKey, changes: KeyChange, was?: ApiKey['secretHash']): Promise<ApiKey> {
  const changed = await changeApiKey(deps.db, key, changes, was);
  if (!changed) throw new AppError('CONFLICT', 'apiKeyId: somebody else has changed this key', { field: 'apiKeyId' });
  deps.keys?.forgetKey(key.id);
  await deps.sessions?.changed(key.id);
  return changed;
}

/** In logs keys go by their public ids. */
const nameOf = ({ accountId, publicId }: ApiKey, by: string) => ({ accountId, publicId, by });
