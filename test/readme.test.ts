import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from './support/start-app.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The ```sh blocks after a line `<!-- run -->`, in the order of the text. */
const blocks = [...README.matchAll(/^<!-- run -->\r?\n(?:\r?\n)?```sh\r?\n([\s\S]*?)^```/gm)].map(
  ([, block = '']) => block,
);

/** What bash prints for a block, with the test's server and key in place of the reader's. */
async function run(block: string, url: string, key: string): Promise<{ code: unknown; out: string; err: string }> {
  const script = block.replaceAll('http://127.0.0.1:4000', url);
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { env: { ...process.env, AURRA_API_KEY: key } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, out, err };
}

const isWindows = process.platform === 'win32';
if (isWindows) console.warn('README.md is NOT tested: its commands need bash');

describe.skipIf(isWindows)('README.md', () => {
  let app: TestApp;
  let url: string;
  let key: string;

  beforeAll(async () => {
    app = await startApp();
    url = await app.listen();
    ({ key } = await app.newClient({ autoSupersede: true }));
  });
  afterAll(() => app.close());

  it('has commands to run', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(5);
  });

  // In the order of the text: later commands lean on what earlier ones stored.
  it.each(blocks.map((block, i) => [i + 1, block] as const))('command block %i works as shown', async (_i, block) => {
    const { code, out, err } = await run(block, url, key);
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    const reply = JSON.parse(out) as object;
    expect(reply).not.toHaveProperty('errors');
    expect(reply).not.toHaveProperty('detail');
  });
});
