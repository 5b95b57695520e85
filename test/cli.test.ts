import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { askRunningServer } from '../src/operator-socket.js';
import { lockAddress } from '../src/store/folder-lock.js';

const ROOT = path.join(import.meta.dirname, '..');
const KEY = /aurra_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cli-'));
const dataDir = path.join(folder, 'data');
const started = new Set<ChildProcess>();

interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Running {
  child: ChildProcess;
  url: string;
  /** What it has printed so far. */
  output: () => string;
  finished: Promise<Finished>;
}

/** The real program, with these variables and no others but the path. */
function launch(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], PORT: '0', PALIMPSEST_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const finished = once(child, 'close').then(([code]): Finished => {
    started.delete(child);
    return { code: code as number | null, ...printed };
  });
  return { child, printed, finished };
}

const run = (args: readonly string[], env?: Record<string, string>): Promise<Finished> => launch(args, env).finished;

/** Starts a server and waits until it says that it is ready. */
async function serve(): Promise<Running> {
  const { child, printed, finished } = launch(['start']);
  const ready = new Promise<string>((resolve) => {
    child.stdout.on('data', () => {
      const [, url] = /ready at (http:\S+) [\s\S]*\n/.exec(printed.stdout) ?? [];
      if (url) resolve(url);
    });
  });
  const url = await Promise.race([
    ready,
    finished.then(({ code, stderr }) => Promise.reject(new Error(`ended with ${code}: ${stderr}`))),
  ]);
  return { child, url, output: () => printed.stdout + printed.stderr, finished };
}

async function stop({ child, finished }: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
  child.kill(signal);
  return finished;
}

const planStatus = async (url: string, key: string): Promise<number> =>
  (await fetch(`${url}/plan/status`, { headers: { authorization: `Bearer ${key}` } })).status;

/** Stores a memory and gives the status of the reply. */
const write = async (url: string, key: string, content: string): Promise<number> =>
  (
    await fetch(`${url}/agent/memories`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ content }),
    })
  ).status;

/** What the command line does where a server runs, without the cost of a process. */
async function askServer(argv: readonly string[]) {
  const reply = await askRunningServer(lockAddress(dataDir), argv);
  if (!reply) throw new Error('no server listens on the folder');
  return reply;
}

const keyIn = (text: string): string => KEY.exec(text)?.[0] ?? '';
const publicId = (key: string): string => key.split('_')[1] ?? '';

afterEach(() => {
  for (const child of started) child.kill('SIGKILL'); // what a failed test left behind
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('palimpsest start', () => {
  it(
    'prints a key once, serves operators through its socket, holds its folder, and stops on SIGTERM',
    { timeout: 90_000 },
    async () => {
      const server = await serve();
      await expect.poll(server.output).toContain('"session_id"');
      const key = keyIn(server.output());

      // The first key works as printed, in the curl line too.
      expect(server.output().match(new RegExp(KEY, 'g'))).toEqual([key, key]);
      expect(server.output()).toContain(`curl -X POST ${server.url}/agent/memories`);
      expect(await planStatus(server.url, key)).toBe(200);
      expect(await write(server.url, key, 'Survives a restart.')).toBe(200);

      // Operators reach the running server, and nobody else may hold the folder.
      const [made, other] = await Promise.all([run(['keys', 'create', '--name', 'laptop']), run(['start'])]);
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(other).toMatchObject({ code: 1, stdout: '' });
      expect(other.stderr.trim()).toBe(
        `palimpsest: The data folder ${dataDir} is in use by another process. Stop it, or set PALIMPSEST_DATA_DIR to another folder.`,
      );
      const second = keyIn(made.stdout);
      expect(await planStatus(server.url, second)).toBe(200);
      const listed = await askServer(['keys', 'list']);
      expect(listed.text).toContain(publicId(key));
      expect(listed.text).toMatch(new RegExp(`${publicId(second)}\tactive\t.*\tlaptop`));
      expect(listed.text).not.toMatch(KEY);
      expect(await askServer(['keys', 'revoke', publicId(second)])).toMatchObject({ isDone: true });
      expect(await planStatus(server.url, second)).toBe(401);
      const again = await run(['keys', 'revoke', publicId(second)]);
      expect(again).toMatchObject({ code: 1, stdout: '' });
      expect(again.stderr).toMatch(/^palimpsest: There is no active key/);
      expect(await askServer(['accounts', 'drop'])).toMatchObject({ isDone: false });

      const asked = performance.now();
      const { code, stderr } = await stop(server);
      expect(code).toBe(0);
      expect(performance.now() - asked).toBeLessThan(15_000);
      expect(stderr).not.toMatch(KEY);
      expect(stderr).not.toContain('Survives');
      expect(readdirSync(dataDir)).toEqual(['postgres']);
    },
  );

  it(
    'prints no key on a later start, and has what was written and made before, after kill -9 too',
    { timeout: 90_000 },
    async () => {
      const account = await run(['accounts', 'create', '--name', 'Acme', '--plan', 'starter']);
      expect(account).toMatchObject({ code: 0, stderr: '' });
      const [accountId = ''] = /[0-9a-f-]{36}/.exec(account.stdout) ?? [];
      const key = keyIn((await run(['keys', 'create', '--name', 'offline', '--account', accountId])).stdout);

      const server = await serve();
      expect(await write(server.url, key, 'Survives kill -9.')).toBe(200);
      const { stdout, stderr } = await stop(server, 'SIGKILL');
      expect(stdout).toContain('ready at');
      expect(stdout + stderr).not.toMatch(KEY);

      const next = await serve();
      const list = await fetch(`${next.url}/agent/memories`, { headers: { authorization: `Bearer ${key}` } });
      expect(await list.json()).toMatchObject({ count: 1, memories: [{ decision: 'Survives kill -9.' }] });
      expect((await stop(next, 'SIGINT')).code).toBe(0);
    },
  );
});

describe('palimpsest', () => {
  it('shows the usage: exits 0 if asked for it, 2 for what is no command', async () => {
    const [help, unknown] = await Promise.all([run(['help']), run(['frobnicate'])]);
    expect([help.code, unknown.code]).toEqual([0, 2]);
    for (const command of [
      'start',
      'keys create',
      'keys list',
      'keys revoke',
      'accounts create',
      'accounts set-plan',
      'erase',
      'vacuum',
    ]) {
      for (const { stdout, stderr } of [help, unknown]) expect(stdout + stderr).toContain(`palimpsest ${command}`);
    }
  });

  it('names every unusable variable at once, and no value', async () => {
    const { code, stdout, stderr } = await run(['start'], {
      PORT: 'port-xyzzy',
      DATABASE_URL: 'mysql://user:password-xyzzy@host/name',
      PALIMPSEST_QUERY_LIMIT: '1000',
      PALIMPSEST_LOG_LEVEL: 'loud-xyzzy',
    });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    for (const name of ['PORT', 'DATABASE_URL', 'PALIMPSEST_QUERY_LIMIT', 'PALIMPSEST_LOG_LEVEL']) {
      expect(stderr).toContain(`  ${name}: `);
    }
    expect(stderr).not.toContain('xyzzy');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
