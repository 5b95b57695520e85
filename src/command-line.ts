import { readConfig, readConnection } from './config.js';
import { AppError } from './errors.js';
import { IMPORT_USAGE, runImport } from './import-command.js';
import { OPERATOR_USAGE, runOperatorCommand } from './operator.js';
import { askRunningServer } from './operator-socket.js';
import { openDatabase } from './store/client.js';
import { lockAddress } from './store/folder-lock.js';

const USAGE = `Usage:
palimpsest start
${IMPORT_USAGE}
${OPERATOR_USAGE}`;

const OPERATOR_COMMANDS = new Set(['keys', 'accounts', 'erase', 'vacuum']);

type Environment = Parameters<typeof readConfig>[0];

/** Through the server that holds the data folder, if one runs; else on the database itself. */
async function operate(argv: readonly string[], env: Environment): Promise<string> {
  const { database: config } = readConfig(env);
  if (config.kind === 'embedded') {
    const reply = await askRunningServer(lockAddress(config.dataDir), argv);
    if (reply && !reply.isDone) throw new AppError('INVALID_INPUT', reply.text);
    if (reply) return reply.text;
  }
  const database = await openDatabase(config);
  try {
    return await runOperatorCommand({ db: database.db, now: () => new Date() }, argv);
  } finally {
    await database.close();
  }
}

/** Runs one command line. Sets the exit code; a server that it starts goes on. */
export async function run(argv: readonly string[], env: Environment): Promise<void> {
  const [command] = argv;
  if (OPERATOR_COMMANDS.has(command ?? '')) {
    console.log(await operate(argv, env));
    return;
  }
  if (command === 'import') {
    console.log(await runImport(argv.slice(1), readConnection(env), process.stderr));
    return;
  }
  console.log(USAGE);
  process.exitCode = command === undefined || command === 'help' || command === '--help' ? 0 : 2;
}
