// A built server for the benches: started from dist/ as a user would, on a folder and a free port of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = path.join(import.meta.dirname, '..');
const CLI = path.join(ROOT, 'dist/cli.js');

export interface BuiltServer {
  url: string;
  pid: number;
  /** Wall clock from the spawn of the process to the first 200 of /ready. */
  readyAfterMs: number;
  /** The key of a first start; undefined on later ones. */
  key: string | undefined;
  /** What it has written to its standard output and error so far. */
  output(): string;
  /** Ends the process with this signal and waits until it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** `env` adds to the settings, and wins over these; with a DATABASE_URL in it, `dataDir` is not used. */
export async function startBuilt(dataDir: string, env: Record<string, string> = {}): Promise<BuiltServer> {
  if (!existsSync(CLI)) throw new Error('There is no dist/cli.js: run npm run build first.');
  const port = Number(env['PORT'] ?? (await freePort()));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [CLI, 'start'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      PALIMPSEST_DATA_DIR: dataDir,
      PALIMPSEST_LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (hasEnded(child)) throw new Error(`The server ended while it started:\n${output}`);
    await pause(10);
  }
  const readyAfterMs = performance.now() - startedAt;
  while (!output.includes('is ready at')) await pause(5);
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    readyAfterMs,
    key: /AURRA_API_KEY="(\w+)"/.exec(output)?.[1],
    end: async (signal) => {
      if (hasEnded(child)) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** min / median / max, in whole milliseconds. */
export function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? NaN);
  return `min ${at(0)}  median ${at(0.5)}  max ${at(1)} ms`;
}
