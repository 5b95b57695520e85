import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startApp, type TestApp } from '../support/start-app.js';

/** A file system with room for one page, where this user may make one. */
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-full-'));
const isFull = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder]).status === 0;
if (!isFull) console.warn('*** NOT TESTED: a full disk, as this user may not mount a small one');

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(async () => {
  await app.close();
  if (isFull) execFileSync('umount', [folder]);
  rmdirSync(folder);
});

it.runIf(isFull)(
  'an import that the disk has no room for is refused as that, and nothing of it is stored',
  async () => {
    const client = await app.newClient();
    vi.stubEnv('TMPDIR', folder);
    const rows = Array.from({ length: 500 }, (_, i) => `{"content": "Crate ${i} holds ${i * 3} tiles."}\n`).join('');
    const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': 'crates' };
    expect(await client.rest('POST', '/agent/memories/import', rows, headers)).toMatchObject({
      status: 507,
      body: { code: 'STORAGE_FULL' },
    });
    expect((await client.rest<{ memories: unknown[] }>('GET', '/agent/memories')).body.memories).toEqual([]);
    vi.unstubAllEnvs();
    const response = await app.fetch(
      new Request('http://palimpsest/agent/memories/import', {
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${client.key}` },
        body: rows,
      }),
    );
    expect(response.status).toBe(200); // the same key again, once there is room
    expect(await response.text()).toContain('"rows_done":500');
  },
);
