import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = path.join(import.meta.dirname, '../..');
const KEY = /aurra_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;
const READY = /ready at (http:\S+) [\s\S]*\n/;

export interface ServerProcess {
  url: string;
  /** Printed by the first start on a folder, a moment after it is ready. */
  key: () => Promise<string>;
  pid: number;
  /** All that it has printed. */
  output: () => string;
  /** Undefined while it runs. */
  exitCode: () => number | string | undefined;
  /** Ends it, and gives the code or the signal with which it ended. */
  stop: (signal?: NodeJS.Signals) => Promise<number | string>;
}

/** The program as a process of its own, with these variables and no others but the path. */
export async function startServer(
  env: Record<string, string>,
  { nodeOptions = [] }: { nodeOptions?: readonly string[] } = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...nodeOptions, '--import', 'tsx', 'src/cli.ts', 'start'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test that is given up leaves no server behind.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  let output = '';
  let ended: number | string | undefined;
  const closed = once(child, 'close').then(([code, signal]) => {
    process.off('exit', end);
    return (ended = (code ?? signal) as number | string);
  });
  const url = await new Promise<string>((resolve, reject) => {
    const read = (text: string): void => {
      output += text;
      const [, ready] = READY.exec(output) ?? [];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    void closed.then((how) => reject(new Error(`ended with ${how} before it was ready: ${output}`)));
  });
  return {
    url,
    key: async () => {
      while (!KEY.test(output) && ended === undefined) await pause(10);
      return KEY.exec(output)?.[0] ?? '';
    },
    pid: child.pid ?? 0,
    output: () => output,
    exitCode: () => ended,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return closed;
    },
  };
}
