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
