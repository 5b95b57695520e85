import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const INSTALL_MS = 240_000;
const PYTHONS = ['python3', 'python'];

/** A Python that is there and can make virtual environments; null if there is none. */
export function findPython(): string | null {
  const isUsable = (python: string): boolean => {
    try {
      const check = 'import sys, venv, ensurepip; assert sys.version_info >= (3, 9)';
      execFileSync(python, ['-c', check], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  return PYTHONS.find(isUsable) ?? null;
}

/** A folder of this user alone, outside of the repository: it lasts longer than node_modules, which `npm ci` removes. */
function cacheFolder(): string {
  const folder = path.join(os.tmpdir(), `palimpsest-sdk-${os.userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  // Somebody else's folder of that name could hold any program.
  if (process.platform !== 'win32' && (uid !== os.userInfo().uid || (mode & 0o077) !== 0)) {
    throw new Error(`${folder} belongs to somebody else`);
  }
  return folder;
}

/**
 * A virtual environment with exactly these packages, made once and kept. Gives its Python.
 * @throws Error when pip can not install them
 */
export function preparePython(python: string, requirements: readonly string[]): string {
  const version = execFileSync(python, ['--version'], { encoding: 'utf8' });
  const name = createHash('sha256')
    .update([version, ...requirements].join('\n'))
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(cacheFolder(), name);
  const inside = (root: string): string =>
    process.platform === 'win32' ? path.join(root, 'Scripts/python.exe') : path.join(root, 'bin/python');
  const done = path.join(folder, 'complete');
  if (existsSync(done)) return inside(folder);
  rmSync(folder, { recursive: true, force: true }); // left by a run that was cut
  execFileSync(python, ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...requirements];
  execFileSync(inside(folder), install, { stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_MS });
  mkdirSync(`${done}.new`);
  renameSync(`${done}.new`, done); // whole or not there
  return inside(folder);
}
