// Compiles src/ into dist/, from scratch, and makes the command line executable. Run by `npm run build`.
// `npx palimpsest` may build again while a server runs from dist/: the new build takes its place in one step, when it is whole.
import { spawnSync } from 'node:child_process';
import console from 'node:console';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const STAGE = join(ROOT, '.dist-next');

/**
 * Runs tsc by its file: the `tsc` command is a shell script on one system and a .cmd on another.
 * @param {string} project
 */
function compile(project) {
  const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
  const args = [tsc, '-p', project, '--noEmitOnError', '--outDir', STAGE];
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`tsc ended with ${signal ?? `status ${String(status)}`}`);
}

/** tsc carries over code alone; what the code reads at run time (word tables and the like) lies beside it. */
function copyAssets() {
  const isCode = /\.(?:[cm]?[jt]s|map)$/;
  cpSync(join(ROOT, 'src'), STAGE, {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || !isCode.test(path),
  });
}

/** npm links dist/cli.js as the `palimpsest` command, which the system then runs by its first line. */
function makeExecutable() {
  const cli = join(STAGE, 'cli.js');
  if (!readFileSync(cli, 'utf8').startsWith('#!')) throw new Error('src/cli.ts does not begin with a #! line');
  chmodSync(cli, 0o755);
}

/** An empty database beside the code, so that a first start unpacks it instead of running initdb. */
async function packEmptyDatabase() {
  const made = createHash('sha256').update(readFileSync(join(ROOT, 'node_modules/@electric-sql/pglite/package.json')));
  const kept = join(ROOT, 'node_modules/.cache/palimpsest', `initdb-${made.digest('hex').slice(0, 12)}.tar.gz`);
  if (!existsSync(kept)) {
    const { PGlite } = await import('@electric-sql/pglite');
    const database = await PGlite.create('memory://');
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(`${kept}.new`, Buffer.from(await (await database.dumpDataDir('gzip')).arrayBuffer()));
    renameSync(`${kept}.new`, kept); // whole or not there
    await database.close();
  }
  copyFileSync(kept, join(STAGE, 'store/initdb.tar.gz'));
}

const remove = (/** @type {string} */ folder) => rmSync(folder, { recursive: true, force: true });

try {
  remove(STAGE);
  compile('tsconfig.build.json');
  compile('tsconfig.clients.json'); // the types that others compile against
  copyAssets();
  await packEmptyDatabase();
  makeExecutable();
  remove(DIST);
  renameSync(STAGE, DIST);
} catch (error) {
  console.error(`build failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  remove(STAGE);
}
