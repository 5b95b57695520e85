import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { startApp, type TestApp } from '../support/start-app.js';

/** A file system of a size, where this user may make one. */
function mount(size: string): { folder: string; isThere: boolean } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-full-'));
  return { folder, isThere: spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0 };
}

function unmount({ folder, isThere }: ReturnType<typeof mount>): void {
  if (isThere) execFileSync('umount', [folder]);
  rmdirSync(folder);
}

const page = mount('4k');
const disk = mount('150m');
const isFull = page.isThere && disk.isThere;
if (!isFull) console.warn('*** NOT TESTED: a full disk, as this user may not mount a small one');

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(async () => {
  await app.close();
  [page, disk].forEach(unmount);
});

it('a write that the database has no room for is 503, and nothing of it is stored', async () => {
  const client = await app.newClient();
  const { db } = app.deps;
  const counts = async () => ({
    memories: await db.memory.count(),
    captures: await db.capture.count(),
    chains: await db.chain.count(),
    events: await db.memoryEvent.count(),
  });
  const before = await counts();
  // What PostgreSQL says when it can not extend a file, in the middle of a write: the events come last.
  await db.$executeRawUnsafe(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  await db.$executeRawUnsafe(
    'CREATE TRIGGER no_room BEFORE INSERT ON memory_events FOR EACH ROW EXECUTE FUNCTION no_room()',
  );
  const headers = { 'idempotency-key': 'once' };
  const write = () => client.rest('POST', '/agent/memories', { content: 'Crate 7 holds tiles.' }, headers);
  expect(await write()).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
  expect(await counts()).toEqual(before);
  expect((await client.rest('GET', '/plan/status')).body).toMatchObject({ writes_used: 0 });
  await db.$executeRawUnsafe('DROP FUNCTION no_room CASCADE');
  await vi.waitFor(async () => expect((await write()).status).toBe(200), { timeout: 10_000 }); // its key was given back
});

it.runIf(isFull)(
  'an import that the disk has no room for is refused as that, and nothing of it is stored',
  async () => {
    const client = await app.newClient();
    vi.stubEnv('TMPDIR', page.folder);
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

/** Writes to a file until there is no room left. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    expect(() => {
      for (;;) writeSync(handle, Buffer.alloc(65_536));
    }).toThrow('ENOSPC');
  } finally {
    closeSync(handle);
  }
}

it.runIf(isFull)(
  'an embedded database whose disk is full says 503 to writes, goes on being read, and takes writes again once there is room',
  { timeout: 120_000 },
  async () => {
    const config = readConfig({ PORT: '0', PALIMPSEST_DATA_DIR: path.join(disk.folder, 'data') });
    const open = (start: { snapshot?: string }): Promise<App> =>
      createApp(config, pino({ level: 'silent' }), { ...start, otherwise: 'SYSTEM' });
    const server = await open({ snapshot: inject('snapshot') });
    const { id: accountId } = await createAccount(server.deps, { name: 'full', plan: 'pro' });
    const { key } = await createApiKey(server.deps, { name: 'full', accountId });
    const call = async (method: string, body?: object): Promise<number> => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const request = new Request('http://palimpsest/agent/memories', {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      });
      return (await server.fetch(request)).status;
    };
    let written = 0;
    // Long ones: a file has some room left in its last page.
    const write = async (): Promise<number> => {
      const status = await call('POST', {
        content: `Crate ${++written} holds tiles.${' They are blue.'.repeat(1_500)}`,
      });
      if (status !== 200) written -= 1;
      return status;
    };
    expect(await write()).toBe(200);
    const balloon = path.join(disk.folder, 'balloon');
    fill(balloon);
    let status = 200;
    while (status === 200 && written < 1_000) status = await write();
    expect(status).toBe(503);
    expect(await write()).toBe(503);
    expect(await call('GET')).toBe(200);
    rmSync(balloon);
    expect(await write()).toBe(200);
    await server.close();
    const again = await open({});
    expect(await again.deps.db.memory.count()).toBe(written);
    await again.close();
  },
);
