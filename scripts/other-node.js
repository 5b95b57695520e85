// Runs a command of node_modules on another version of Node, which comes from the npm registry: npm run test:node -- 24.22.3 vitest run test/core
import { spawnSync } from 'node:child_process';
import console from 'node:console';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const ROOT = join(import.meta.dirname, '..');
const [, , version = '', command = '', ...args] = process.argv;
if (!/^\d+\.\d+\.\d+$/.test(version) || command === '') {
  console.error('usage: npm run test:node -- <version> <command> [arguments]');
  process.exit(2);
}

const name = `node-${process.platform}-${process.arch}`;
const prefix = join(ROOT, 'node_modules/.cache/palimpsest', `node-${version}`);
const binary = join(prefix, 'node_modules', name, 'bin/node');
/** @type {{ cwd: string, stdio: 'inherit' }} */
const options = { cwd: ROOT, stdio: 'inherit' };
if (!existsSync(binary)) {
  const flags = ['--no-save', '--no-fund', '--no-audit', '--prefix', prefix];
  const { status } = spawnSync('npm', ['install', ...flags, `${name}@${version}`], options);
  if (status !== 0) process.exit(1);
}
const { status } = spawnSync(binary, [join(ROOT, 'node_modules/.bin', command), ...args], options);
process.exit(status ?? 1);
