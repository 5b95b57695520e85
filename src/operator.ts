import { createAccount, listAccounts as readPlans } from './core/accounts.js';
import type { KeyDeps } from './core/make-key.js';
import { eraseSubjectAsOperator } from './core/erase-subject.js';
import { setPlan } from './core/set-plan.js';
import { asSystem } from './core/act-for.js';
import { vacuumErased } from './core/vacuum-erased.js';
import { AppError } from './errors.js';
import { readArgs, toRow } from './operator-args.js';
import { KEY_COMMANDS, KEYS_USAGE } from './operator-keys.js';

export const OPERATOR_USAGE = `${KEYS_USAGE}
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
  const onKeys = noun === 'keys' ? KEY_COMMANDS.get(verb ?? '') : undefined;
  if (onKeys) return onKeys(deps, rest);
  switch (`${noun} ${verb}`) {
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

async function addAccount(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values } = readArgs(args, { name: { type: 'string' }, plan: { type: 'string' } });
  const { id, name, planTier } = await createAccount(deps, { name: values['name'], plan: values['plan'] });
  return `Account "${name}" (${planTier}): ${id}\nMake a key for it: palimpsest keys create --account ${id} --name NAME`;
}

async function listAccounts(deps: OperatorDeps): Promise<string> {
  const rows = (await readPlans(deps)).map(({ id, name, planTier, planStatus, writesUsed, createdAt }) =>
    toRow(id, planTier, planStatus, String(writesUsed), createdAt.toISOString(), name),
  );
  return ['id\tplan\tstatus\twrites\tcreated\tname', ...rows].join('\n');
}

async function changePlan(deps: OperatorDeps, args: string[]): Promise<string> {
  const { values, positionals } = readArgs(args, { plan: { type: 'string' }, status: { type: 'string' } });
  const input = { accountId: positionals[0], plan: values['plan'], status: values['status'] };
  const { id, name, planTier, planStatus } = await setPlan(deps, input);
  return `Account "${name}" (${id}) is ${planTier}, ${planStatus}.`;
}

async function eraseOne(deps: OperatorDeps, args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const { values } = readArgs(args, { account: text, tenant: text, session: text, 'dry-run': { type: 'boolean' } });
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
