import { readdirSync } from 'node:fs';
import pg from 'pg';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey, revokeApiKey } from '../../src/core/accounts.js';
import { addMemories } from '../../src/core/add-memories.js';
import { authenticate } from '../../src/core/authenticate.js';
import type { Caller } from '../../src/core/deps.js';
import { followSupersessions } from '../../src/core/follow-supersessions.js';
import { MIGRATIONS } from '../../src/store/migrate.js';
import { createDatabase, runSql, type OwnDatabase } from '../support/postgres.js';

// Several servers on one PostgreSQL: what only a real one can show.

const SERVER = inject('testDatabaseUrl');
const WAIT = { timeout: 20_000, interval: 10 };
/** Well below the 5 s after which a follower looks by itself: only a notification is as quick. */
const SOON = { timeout: 2_000, interval: 10 };

const startNode = (url: string): Promise<App> =>
  createApp(readConfig({ PORT: '0', DATABASE_URL: url }), pino({ level: 'silent' }), { otherwise: 'SYSTEM' });

async function newCaller({ deps }: App): Promise<Caller> {
  const { id } = await createAccount(deps, { name: 'nodes' });
  const { key } = await createApiKey(deps, { name: 'follower', accountId: id });
  return authenticate(deps, `Bearer ${key}`);
}

/** What a follower was given: the ids of the new versions, in order. */
function follow(node: App, caller: Caller) {
  const received: (string | null)[] = [];
  const stop = new AbortController();
  let isOpen = false;
  const ended = (async () => {
    for await (const item of followSupersessions(node.deps, caller, {}, stop.signal)) {
      if (item.kind === 'OPENED') isOpen = true;
      else received.push(item.event.memoryId);
    }
  })();
  const end = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { received, end, opened: () => vi.waitUntil(() => isOpen, { timeout: 20_000, interval: 10 }) };
}

describe.skipIf(SERVER === '')('several nodes on one PostgreSQL', { timeout: 60_000 }, () => {
  let database: OwnDatabase;

  beforeAll(async () => {
    database = await createDatabase(SERVER);
  });
  afterAll(() => database.drop());

  it('migrate a database that another one works on, which goes on meanwhile', { timeout: 60_000 }, async () => {
    const own = await createDatabase(SERVER);
    await (await startNode(own.url)).close();
    // As if the database were of a version that lacks it.
    const name = '20261201030000_pending_by_tenant';
    await runSql(own.url, 'DELETE FROM _prisma_migrations WHERE migration_name = $1', [name]);
    const writer = new pg.Client({ connectionString: own.url });
    await writer.connect();
    await writer.query('BEGIN; LOCK TABLE memories IN ROW EXCLUSIVE MODE');
    const starting = startNode(own.url);
    await vi.waitUntil(async () => {
      const waiting = await runSql(
        own.url,
        "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'memories'::regclass",
      );
      return waiting.length > 0;
    }, WAIT);
    // It queues behind the migration, which must not stand there for as long as the writer takes.
    expect(await runSql(own.url, 'SELECT 1 AS one FROM (SELECT count(*) FROM memories) AS counted')).toEqual([
      { one: 1 },
    ]);
    await writer.query('COMMIT');
    await writer.end();
    await (await starting).close();
    const applied = await runSql(own.url, 'SELECT 1 FROM _prisma_migrations WHERE migration_name = $1', [name]);
    expect(applied).toHaveLength(1);
    await own.drop();
  });

  it('migrate an empty database that they all start on at once, each migration once', async () => {
    const nodes = await Promise.all(Array.from({ length: 4 }, () => startNode(database.url)));
    try {
      const applied = await runSql<{ name: string }>(
        database.url,
        'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY name',
      );
      const known = readdirSync(MIGRATIONS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      expect(applied.map(({ name }) => name)).toEqual(known.map(({ name }) => name).sort());
      for (const node of nodes) {
        expect((await node.fetch(new Request('http://palimpsest/ready'))).status).toBe(200);
      }
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  describe('tell each other of events', () => {
    let writer: App;
    let reader: App;
    let caller: Caller;
    let feed: ReturnType<typeof follow>;
    let newest: string;

    beforeAll(async () => {
      [writer, reader] = await Promise.all([startNode(database.url), startNode(database.url)]);
    });
    afterAll(() => Promise.all([writer.close(), reader.close()]));

    beforeEach(async () => {
      caller = await newCaller(writer);
      newest = (await addMemories(writer.deps, caller, { content: 'The first version.' })).drafts[0]?.memoryId ?? '';
      feed = follow(reader, caller);
      await feed.opened();
    });
    afterEach(() => feed.end());

    const replace = async (): Promise<string> => {
      const { drafts } = await addMemories(writer.deps, caller, { content: 'Another version.', supersedes: newest });
      newest = drafts[0]?.memoryId ?? '';
      return newest;
    };
    /** Waits until the feed has exactly these: nothing lost, nothing twice, nothing out of order. */
    const expectSoon = (ids: readonly string[]): Promise<void> =>
      vi.waitFor(() => {
        expect(feed.received).toEqual(ids);
      }, SOON);

    const LISTENERS = `FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`;
    const listeners = async (): Promise<number> =>
      (await runSql<{ count: number }>(database.url, `SELECT count(*)::integer AS count ${LISTENERS}`))[0]?.count ?? 0;
    const cutListeners = (): Promise<unknown> => runSql(database.url, `SELECT pg_terminate_backend(pid) ${LISTENERS}`);

    it('within 2 s of the write', async () => {
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) {
        ids.push(await replace());
        await expectSoon(ids);
      }
    });

    it('after the connections they listen on were cut too', async () => {
      expect(await listeners()).toBe(2);
      await cutListeners();
      const ids = [await replace()];
      await expectSoon(ids); // notified while nobody listened
      await vi.waitUntil(async () => (await listeners()) === 2, SOON);
      ids.push(await replace());
      await expectSoon(ids);
    });

    it('of a key: it is accepted nowhere any more, and its feeds end everywhere, also where nobody listened', async () => {
      const { id } = await createAccount(writer.deps, { name: 'keys' });
      for (const isHeard of [true, false]) {
        const { key, apiKey } = await createApiKey(writer.deps, { name: 'key', accountId: id });
        const known = () => authenticate(reader.deps, `Bearer ${key}`);
        const open = reader.deps.sessions.openFeed(await known());
        if (isHeard) await revokeApiKey(writer.deps, apiKey.publicId);
        else await runSql(database.url, `UPDATE api_keys SET revoked_at = now() WHERE id = '${apiKey.id}'`);
        await vi.waitUntil(() => open.signal.aborted, SOON);
        await vi.waitFor(() => expect(known()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' }), SOON);
        open.close();
      }
    });

    it('after a time in which they could not connect', async () => {
      await vi.waitUntil(async () => (await listeners()) === 2, SOON);
      const allow = (isAllowed: boolean): Promise<unknown> =>
        runSql(SERVER, `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} ALLOW_CONNECTIONS ${isAllowed}`);
      const ids: string[] = [];
      await replace(); // so that both nodes have a connection to work with
      await vi.waitUntil(() => feed.received.length === 1, SOON);
      ids.push(newest);
      await runSql(database.url, `SELECT pg_terminate_backend(pid) ${LISTENERS}`);
      await allow(false);
      try {
        ids.push(await replace());
        await new Promise((resolve) => setTimeout(resolve, 500));
      } finally {
        await allow(true);
      }
      ids.push(await replace());
      await expectSoon(ids);
      await vi.waitUntil(async () => (await listeners()) === 2, SOON);
    });
  });
});
