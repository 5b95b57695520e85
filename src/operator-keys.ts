import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey, updateApiKey } from './core/accounts.js';
import type { ApiKey, KeyDeps } from './core/make-key.js';
import { readArgs, toRow } from './operator-args.js';

export const KEYS_USAGE = `palimpsest keys create --name NAME [--account ID] [--scope SCOPE]... [--tenant TENANT] [--expires WHEN] [--auto-supersede]
palimpsest keys list [--account ID]
palimpsest keys update PUBLIC_ID [--name NAME] [--scope SCOPE]... [--expires WHEN|never]
palimpsest keys rotate PUBLIC_ID [--overlap-hours HOURS]
palimpsest keys revoke PUBLIC_ID`;

async function createKey(deps: KeyDeps, args: string[]): Promise<string> {
  const { values } = readArgs(args, {
    name: { type: 'string' },
    account: { type: 'string' },
    scope: { type: 'string', multiple: true },
    tenant: { type: 'string' },
    expires: { type: 'string' },
    'auto-supersede': { type: 'boolean' },
  });
  const { key, apiKey } = await createApiKey(deps, {
    name: values['name'],
    accountId: values['account'],
    scopes: scopesIn(values['scope']),
    boundTenant: values['tenant'],
    expiresAt: toInstant(values['expires'] as string | undefined, deps.now()),
    autoSupersedeDefault: values['auto-supersede'],
  });
  return `Key "${apiKey.name}" of account ${apiKey.accountId}, shown this once:\n${key}`;
}

/** Several options, or one list with commas. */
const scopesIn = (given: unknown): string[] | undefined =>
  (given as string[] | undefined)?.flatMap((scopes) => scopes.split(','));

/** A number of days from now, such as 90d; anything else as it is, for the core to read as an instant. */
function toInstant(when: string | undefined, now: Date): Date | string | undefined {
  const [, days] = /^(\d{1,5})d$/.exec(when ?? '') ?? [];
  return days === undefined ? when : new Date(now.getTime() + Number(days) * 86_400_000);
}

async function rotateKey(deps: KeyDeps, args: string[]): Promise<string> {
  const { values, positionals } = readArgs(args, { 'overlap-hours': { type: 'string' } });
  const hours = values['overlap-hours'];
  const { key, apiKey } = await rotateApiKey(
    deps,
    positionals[0] ?? '',
    hours === undefined ? undefined : Number(hours),
  );
  const until = apiKey.previousUntil?.toISOString();
  const overlap = until ? `The secret before is accepted until ${until}.` : 'The secret before is accepted no more.';
  return `New secret of key "${apiKey.name}", shown this once:\n${key}\n${overlap}`;
}

async function updateKey(deps: KeyDeps, args: string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArgs(args, { name: text, scope: { ...text, multiple: true }, expires: text });
  const isPermanent = values['expires'] === 'never';
  const changed = await updateApiKey(deps, positionals[0] ?? '', {
    name: values['name'],
    scopes: scopesIn(values['scope']),
    expiresAt: isPermanent ? undefined : toInstant(values['expires'] as string | undefined, deps.now()),
    isPermanent: isPermanent ? true : undefined,
  });
  const end = changed.expiresAt?.toISOString() ?? 'never';
  return `Key "${changed.name}" may ${changed.scopes.join(',')}, and ends: ${end}.`;
}

async function listKeys(deps: KeyDeps, args: string[]): Promise<string> {
  const { values } = readArgs(args, { account: { type: 'string' } });
  const keys = await listApiKeys(deps, values['account'] as string | undefined);
  const rows = keys.map((key) => [
    key.publicId,
    stateOf(key, deps.now()),
    key.createdAt.toISOString(),
    key.account.id,
    key.account.name,
    key.name,
    key.scopes.join(','),
    key.boundTenant === null ? '*' : JSON.stringify(key.boundTenant),
    key.expiresAt?.toISOString() ?? 'never',
    key.lastUsedAt?.toISOString() ?? 'never',
  ]);
  const names = [
    'id',
    'state',
    'created',
    'account',
    'account name',
    'name',
    'scopes',
    'tenant',
    'expires',
    'last used',
  ];
  return [names, ...rows].map((row) => toRow(...row)).join('\n');
}

function stateOf({ revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: Date): string {
  if (revokedAt) return 'revoked';
  return expiresAt && expiresAt <= now ? 'expired' : 'active';
}

async function revokeKey(deps: KeyDeps, args: string[]): Promise<string> {
  const [publicId = ''] = readArgs(args, {}).positionals;
  await revokeApiKey(deps, publicId);
  return `Key ${publicId} is revoked.`;
}

/** `palimpsest keys ...`, by the word that follows. */
export const KEY_COMMANDS = new Map([
  ['create', createKey],
  ['list', listKeys],
  ['update', updateKey],
  ['rotate', rotateKey],
  ['revoke', revokeKey],
]);
