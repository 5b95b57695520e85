import { parseArgs } from 'node:util';
import {
  createAccount,
  createApiKey,
  listAccounts as readPlans,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from './core/accounts.js';
import type { ApiKey, KeyDeps } from './core/make-key.js';
import { eraseSubjectAsOperator } from './core/erase-subject.js';
import { setPlan } from './core/set-plan.js';
import { asSystem } from './core/act-for.js';
import { vacuumErased } from './core/vacuum-erased.js';
import { AppError } from './errors.js';

export const OPERATOR_USAGE = `palimpsest keys create --name NAME [--account ID] [--scope SCOPE]... [--tenant TENANT] [--expires WHEN] [--auto-supersede]
palimpsest keys list [--account ID]
palimpsest keys rotate PUBLIC_ID [--overlap-hours HOURS]
palimpsest keys revoke PUBLIC_ID
palimpsest accounts create --name NAME [--plan starter|pro]
palimpsest accounts list
palimpsest accounts set-plan ACCOUNT [--plan starter|pro] [--status active|past_due|canceled]
palimpsest erase --account ID [--tenant TENANT] [--session SESSION] [--dry-run]
palimpsest vacuum`;

type OperatorDeps = KeyDeps;

/** Runs one command of the command line on the database and gives what to print. @throws AppError */
export const runOperatorCommand = (deps: OperatorDeps, argv: readonly string[]): Promise<string> =>
  asSystem(() => run(deps, argv));

async function run(deps: OperatorDeps, argv: readonly string[]): Promise<string> {
  const [noun, verb, ...rest] = argv;
  if (noun === 'erase') return eraseOne(deps, argv.slice(1));
  if (noun === 'vacuum' && argv.length === 1) return vacuum(deps);
  switch (`${noun} ${verb}`) {
    case 'keys create':
      return createKey(deps, rest);
    case 'keys list':
      return listKeys(deps, rest);
    case 'keys rotate':
      return rotateKey(deps, rest);
    case 'keys revoke':
      return revokeKey(deps, rest);
    case 'accounts create':
      return addAccount(deps, rest);
    case 'accounts list':
      return listAccounts(deps);
    case 'accounts set-plan':
      return changePlan(deps, rest);
    default:
      throw new AppError('INVALID_INPUT', `Usage:\n${OPERATOR_USAGE}`);
  }
}

async function createKey(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values } = read(args, {
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
    scopes: (values['scope'] as string[] | undefined)?.flatMap((scopes) => scopes.split(',')),
    boundTenant: values['tenant'],
    expiresAt: toInstant(values['expires'] as string | undefined, deps.now()),
    autoSupersedeDefault: values['auto-supersede'],
  });
  return `Key "${apiKey.name}" of account ${apiKey.accountId}, shown this once:\n${key}`;
}

/** A number of days from now, such as 90d; anything else as it is, for the core to read as an instant. */
function toInstant(when: string | undefined, now: Date): Date | string | undefined {
  const [, days] = /^(\d{1,5})d$/.exec(when ?? '') ?? [];
  return days === undefined ? when : new Date(now.getTime() + Number(days) * 86_400_000);
}

async function rotateKey(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values, positionals } = read(args, { 'overlap-hours': { type: 'string' } });
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

async function listKeys(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values } = read(args, { account: { type: 'string' } });
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

async function revokeKey(deps: OperatorDeps, args: string[]): Promise<string> {
  const [publicId = ''] = read(args, {}).positionals;
  await revokeApiKey(deps, publicId);
  return `Key ${publicId} is revoked.`;
}

async function addAccount(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values } = read(args, { name: { type: 'string' }, plan: { type: 'string' } });
  const { id, name, planTier } = await createAccount(deps, { name: values['name'], plan: values['plan'] });
  return `Account "${name}" (${planTier}): ${id}\nMake a key for it: palimpsest keys create --account ${id} --name NAME`;
}

async function listAccounts(deps: OperatorDeps): Promise<string> {
  const rows = (await readPlans(deps)).map(({ id, name, planTier, planStatus, writesUsed, createdAt }) =>
    toRow(id, planTier, planStatus, String(writesUsed), createdAt.toISOString(), name),
  );
  return ['id\tplan\tstatus\twrites\tcreated\tname', ...rows].join('\n');
}

/** A name may hold line breaks, and what a terminal takes for commands: shown, it must be neither a row nor one of those. */
const toRow = (...cells: string[]): string =>
  cells.map((cell) => cell.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')).join('\t');

async function changePlan(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values, positionals } = read(args, { plan: { type: 'string' }, status: { type: 'string' } });
  const input = { accountId: positionals[0], plan: values['plan'], status: values['status'] };
  const { id, name, planTier, planStatus } = await setPlan(deps, input);
  return `Account "${name}" (${id}) is ${planTier}, ${planStatus}.`;
}

async function eraseOne(deps: OperatorDeps, args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const { values } = read(args, { account: text, tenant: text, session: text, 'dry-run': { type: 'boolean' } });
  const { isDryRun, counts, certificate } = await eraseSubjectAsOperator(deps, values['account'], {
    tenantId: values['tenant'],
    sessionId: values['session'],
    dryRun: values['dry-run'],
  });
  const rows = Object.entries(counts).map(([name, count]) => `${name}\t${count}`);
  if (isDryRun || !certificate) return ['Would be erased:', ...rows].join('\n');
  const { id, erasedAt, hash } = certificate;
  return [
    ...['Erased:', ...rows],
    `Certificate ${id} of ${erasedAt.toISOString()}, SHA-256 ${Buffer.from(hash).toString('hex')}`,
    "The database's files still hold it in rows that nobody can read: palimpsest vacuum clears them.",
  ].join('\n');
}

async function vacuum(deps: OperatorDeps): Promise<string> {
  const { tables, isWalCleared, cleared } = await vacuumErased(deps);
  const log = isWalCleared
    ? 'The write-ahead log is cleared.'
    : 'The write-ahead log is not: that takes a superuser. It is overwritten as the server goes on.';
  return `${tables.length} tables are written anew. ${log}\nErasures of which the files hold nothing any more: ${cleared}.`;
}

function read(args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']) {
  try {
    return parseArgs({ args: [...args], options: options ?? {}, allowPositionals: true });
  } catch (error) {
    throw new AppError('INVALID_INPUT', `${error instanceof Error ? error.message : String(error)}\n${OPERATOR_USAGE}`);
  }
}
