// Does any request that the OpenAPI document (or the GraphQL schema) allows, or forbids, meet a fault of the server, or a reply
// that the document does not know? Runs schemathesis from PyPI against a running server, and counts what arrives there. Run by
// `npm run test:fuzz -- [rest|graphql] [examples per operation] [seconds at most]`; needs Python and PyPI.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import pino from 'pino';
import { createApp } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { findPython, preparePython } from '../sdk/venv.js';
import { snapshot } from '../support/global-setup.js';

const REQUIREMENT = 'schemathesis==4.32.5';
const [target = 'rest', examples = '300', seconds] = process.argv.slice(2);

const python = findPython();
if (!python) throw new Error('There is no Python 3.9 or newer with venv.');
const prepared = preparePython(python, [REQUIREMENT]);

const faults: string[] = [];
/** Of pino: from it on a line is a fault. */
const ERROR = 50;
const answered = new Map<number, number>();
function take(line: string): void {
  const { level, msg, status } = JSON.parse(line) as { level: number; msg: string; status: number };
  if (level >= ERROR) faults.push(line);
  else if (msg === 'answered') answered.set(status, (answered.get(status) ?? 0) + 1);
}
const config = readConfig({ PORT: '0', PALIMPSEST_DATA_DIR: 'memory://', PALIMPSEST_PRO_RATE: '0' });
const logger = pino({ level: 'debug' }, { write: take });
const app = await createApp(config, logger, { snapshot: await snapshot(), otherwise: 'SYSTEM' });
const { id: accountId } = await createAccount(app.deps, { name: 'fuzz' });
const { key } = await createApiKey(app.deps, { name: 'fuzz', accountId });
const url = await app.listen();

const child = spawn(
  prepared,
  [
    ...[
      '-m',
      'schemathesis.cli',
      '--config-file',
      path.join(import.meta.dirname, 'schemathesis.toml'),
      'run',
      target === 'graphql' ? `${url}/graphql` : `${url}/openapi.json`,
    ],
    ...['--header', `Authorization: Bearer ${key}`, '--checks', 'all', '--max-examples', examples],
    // Of GraphQL it takes every `errors` for a fault of the server; the hooks tell refusals from faults.
    ...(target === 'graphql' ? ['--exclude-checks', 'not_a_server_error'] : []),
    ...(seconds === undefined ? [] : ['--max-time', seconds]),
    ...['--continue-on-failure', '--request-timeout', '60', '--generation-deterministic', '--no-color'],
  ],
  {
    env: {
      PATH: process.env['PATH'],
      SCHEMATHESIS_HOOKS: target === 'graphql' ? 'graphql_hooks' : 'hooks',
      PYTHONPATH: import.meta.dirname,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    cwd: path.dirname(prepared), // it keeps a database of examples where it runs
    stdio: 'inherit',
  },
);
const [code] = (await once(child, 'exit')) as [number | null];
await app.close();
const statuses = [...answered].sort(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`);
const requests = [...answered.values()].reduce((sum, times) => sum + times, 0);
console.log(`${requests} requests were answered (${statuses.join(', ')})`);
if (faults.length > 0) console.error(`${faults.length} faults of the server:\n${faults.slice(0, 5).join('')}`);
process.exitCode = code === 0 && faults.length === 0 ? 0 : 1;
