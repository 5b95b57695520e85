import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMPORT_USAGE, runImport } from '../src/import-command.js';
import { ProgressBar } from '../src/progress-bar.js';
import { startApp, type Client, type TestApp } from './support/start-app.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-import-command-'));
const rows = Array.from({ length: 500 }, (_, i) => `{"content": "Crate ${i} holds ${i * 3} tiles."}\n`);
const file = path.join(folder, 'facts.ndjson');
let app: TestApp;
let url: string;

beforeAll(async () => {
  writeFileSync(file, rows.join(''));
  app = await startApp();
  url = await app.listen();
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const screen = () => {
  const written: string[] = [];
  return { write: (text: string) => void written.push(text), text: () => written.join('') };
};

const writesUsed = async (client: Client): Promise<number> =>
  (await client.rest<{ writes_used: number }>('GET', '/plan/status')).body.writes_used;

/** A way to the server that breaks once, in the middle of the first reply. */
async function breakingWay(): Promise<{ url: string; close: () => void }> {
  let isBroken = false;
  const proxy = net.createServer((near) => {
    const far = net.connect(Number(new URL(url).port), '127.0.0.1');
    for (const side of [near, far]) side.on('error', () => undefined);
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      if (!isBroken && chunk.includes('"line":')) {
        isBroken = true;
        near.destroy();
        far.destroy();
      } else if (!near.destroyed) near.write(chunk);
    });
    far.on('end', () => near.end());
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as net.AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void proxy.close() };
}

describe('palimpsest import', () => {
  it('imports a file, says what became of it, keeps what became of each row, and does nothing when it is done', async () => {
    const client = await app.newClient();
    const results = path.join(folder, 'results.ndjson');
    const shown = screen();
    const said = await runImport([file, '--tenant', 'acme', '--results', results], { url, apiKey: client.key }, shown);
    expect(said).toMatch(/^500 rows: 500 stored, 0 known already, 0 rejected \(import [0-9a-f-]{36}\)$/);
    expect(shown.text()).toMatch(/\[#{24}\] 100 %, 500 of 500 rows/);
    const lines = readFileSync(results, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(rows.map((_, i) => i + 1));
    const { body } = await client.rest<{ count: number }>('GET', '/agent/memories?tenant_id=acme&limit=1000');
    expect(body.count).toBe(500);

    expect(await runImport([file, '--tenant', 'acme'], { url, apiKey: client.key }, screen())).toBe(said);
    expect(await writesUsed(client)).toBe(500);
  });

  it('goes on by itself when the connection breaks: nothing twice, nothing lost', async () => {
    const client = await app.newClient();
    const way = await breakingWay();
    const shown = screen();
    try {
      const said = await runImport([file], { url: way.url, apiKey: client.key, firstWaitMs: 1 }, shown);
      expect(said).toMatch(/^500 rows: 500 stored, 0 known already, 0 rejected/);
    } finally {
      way.close();
    }
    expect(shown.text()).toContain('the connection broke; trying again');
    expect(await writesUsed(client)).toBe(500);
  });

  it('takes a packed file', async () => {
    const client = await app.newClient();
    const packed = `${file}.gz`;
    writeFileSync(packed, gzipSync(rows.slice(0, 20).join('')));
    const said = await runImport(
      [packed, '--key', 'packed'],
      { url: 'http://127.0.0.1:9', apiKey: client.key, firstWaitMs: 1 },
      screen(),
    ).catch((error: unknown) => error);
    expect(said).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    const again = ['--url', url, packed, '--key', 'packed'];
    expect(await runImport(again, { url: 'http://127.0.0.1:9', apiKey: client.key }, screen())).toMatch(
      /^20 rows: 20 stored/,
    );
    const other = runImport([file, '--key', 'packed'], { url, apiKey: client.key }, screen());
    await expect(other).rejects.toThrow('INVALID_INPUT: Idempotency-Key: names an import of another content');
  });

  it.each<[string, string[], string | undefined, RegExp]>([
    ['without a file', [], 'key', new RegExp(IMPORT_USAGE.slice(0, 20))],
    ['with an option that is none', ['x', '--nonsense'], 'key', /nonsense/],
    ['without an API key', [file], undefined, /AURRA_API_KEY/],
    ['of a file that is not there', [path.join(folder, 'none')], 'key', /ENOENT/],
    ['with results that can not be written', [file, '--results', folder], 'key', /EISDIR/],
    ['with a wrong API key', [file], 'aurra_wrong', /UNAUTHENTICATED: Invalid API key/],
  ])('%s says what is wrong', async (_what, argv, apiKey, expected) => {
    await expect(runImport(argv, { url, apiKey }, screen())).rejects.toThrow(expected);
  });
});

describe('a progress bar', () => {
  it('draws over its line on a terminal, and not more often than one can read', () => {
    const shown = screen();
    let now = 0;
    const bar = new ProgressBar({ ...shown, isTTY: true }, () => now);
    bar.show(0, 1_000);
    now = 50;
    bar.show(10, 1_000);
    now = 2_000;
    bar.show(500, 1_000);
    bar.show(1_000, 1_000, true);
    expect(shown.text().split('\r\u001B[K').slice(1)).toEqual([
      '[------------------------] 0 %, 0 of 1000 rows',
      '[############------------] 50 %, 500 of 1000 rows, 250 rows/s, 0:02 left',
      '[########################] 100 %, 1000 of 1000 rows, 500 rows/s, 0:00 left\n',
    ]);
  });

  it('writes a line now and then where there is no terminal', () => {
    const shown = screen();
    let now = 0;
    const bar = new ProgressBar(shown, () => now);
    for (; now <= 10_000; now += 1_000) bar.show(now / 100, 100);
    expect(shown.text().trimEnd().split('\n')).toHaveLength(3);
  });
});
