// Do the SDKs that Aurra publishes work when their base URL points here? Installs them from PyPI into environments of their
// own, calls every public method of each against a running server, and prints what came. Run by `npm run test:sdk`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { startServers, type SdkServers } from './servers.js';
import { findPython, preparePython } from './venv.js';

const SUITES: readonly { requirements: string[]; file: string }[] = [
  { requirements: ['aurra==0.8.1', 'aurra-langchain==0.1.0'], file: 'aurra_sdk.py' },
  { requirements: ['aurra==0.5.0'], file: 'aurra_sdk.py' },
  { requirements: ['aurra==0.8.1', 'aurra-langchain==0.1.0'], file: 'langchain_sdk.py' },
];

interface Line {
  package: string;
  version: string;
  method: string;
  call: string;
  result: string;
  failed: boolean;
}

const skip = (why: string): void => console.warn(`\n!! SKIPPED: the published SDKs were NOT tried: ${why}.\n`);

async function main(): Promise<void> {
  const python = findPython();
  if (!python) {
    skip('there is no Python 3.9 or newer with venv');
    return;
  }
  let pythons: string[];
  try {
    pythons = SUITES.map(({ requirements }) => preparePython(python, requirements));
  } catch (error) {
    skip(`pip can not install them (${firstLine(error)})`);
    return;
  }
  const servers = await startServers();
  try {
    // One after the other: the machine of a CI has few cores, and the table keeps its order.
    for (const [i, { file }] of SUITES.entries()) await run(pythons[i] ?? python, file, servers);
  } finally {
    await servers.close();
  }
}

const firstLine = (error: unknown): string => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : '');

async function run(python: string, file: string, servers: SdkServers): Promise<void> {
  const child = spawn(python, [path.join(import.meta.dirname, file)], {
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1', PALIMPSEST_SDK_TEST: await servers.settings() },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let count = 0;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    count += 1;
    if (line.failed) process.exitCode = 1;
    if (count === 1) console.log(`\n${line.package} ${line.version}`);
    print(line);
  }
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)));
  if (code === 0 && count > 0) return;
  console.error(`${file} ended with ${String(code)} after ${count} calls`);
  process.exitCode = 1;
}

const WIDTH = 100;
function print({ method, call, result, failed }: Line): void {
  const shown = failed ? `\n${result}` : result.replaceAll('\n', ' ').slice(0, WIDTH);
  console.log(`  ${failed ? 'FAILED' : 'ok'}  ${method.padEnd(20)}  ${call.padEnd(52)}  ${shown}`);
}

await main();
