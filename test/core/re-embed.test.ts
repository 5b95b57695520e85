import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createAccount, createApiKey } from '../../src/core/accounts.js';
import { addMemories } from '../../src/core/add-memories.js';
import { authenticate } from '../../src/core/authenticate.js';
import type { Caller } from '../../src/core/deps.js';
import { listMemories } from '../../src/core/list-memories.js';
import { storedTenant } from '../../src/core/parse-input.js';
import { startReEmbedding, type Journal, type ReEmbedding } from '../../src/core/re-embed.js';
import { TextRefused, type Embedder } from '../../src/models/embedder.js';
import type { Db } from '../../src/store/client.js';
import { nearestCurrent } from '../../src/store/nearest.js';
import { ensureVectorIndex } from '../../src/store/vector-index.js';
import {
  embeddingReply,
  startEmbeddingServer,
  unitVector,
  type EmbeddingServer,
  type HowToReply,
  type RecordedRequest,
} from '../support/embedding-server.js';
import type { ScriptedReply } from '../support/model-server.js';
import { errorReply } from '../support/openai-server.js';
import { createDatabase, runSql } from '../support/postgres.js';
import { callGraphql, startApp, type TestApp } from '../support/start-app.js';

const ROOT = path.join(import.meta.dirname, '../..');
const SERVER = inject('testDatabaseUrl');
/** More than one round of the job. */
const COUNT = 150;
const SOON = { timeout: 30_000, interval: 20 };
const STATUS = '{ embeddingStatus { model dimensions total remaining } }';

interface Status {
  model: string;
  dimensions: number;
  total: number;
  remaining: number;
}

const statusOf = async (app: App, key: string): Promise<Status> =>
  (await callGraphql<{ embeddingStatus: Status }>(app, { authorization: `Bearer ${key}` }, { query: STATUS })).data
    .embeddingStatus;

const finished = (app: App, key: string): Promise<void> =>
  vi.waitFor(async () => {
    expect((await statusOf(app, key)).remaining).toBe(0);
  }, SOON);

async function newCaller({ deps }: App): Promise<{ key: string; caller: Caller }> {
  const { id } = await createAccount(deps, { name: 'embedded', plan: 'pro' });
  const { key } = await createApiKey(deps, { name: 'test', accountId: id });
  return { key, caller: await authenticate(deps, `Bearer ${key}`) };
}

const add = async (app: App, caller: Caller, content: string, supersedes?: string): Promise<string> =>
  (await addMemories(app.deps, caller, { content, ...(supersedes === undefined ? {} : { supersedes }) })).drafts[0]
    ?.memoryId ?? '';

interface Row {
  id: string;
  text: string;
  model: string;
  vector: string;
}

const rowsOf = (db: Db): Promise<Row[]> => db.$queryRaw`
  SELECT id, text, embedding_model AS model, embedding::text AS vector FROM memories ORDER BY account_id, created_seq`;

/** Everything that is stored but the vectors, as JSON. */
async function restOf(db: Db): Promise<unknown> {
  const [rest] = await db.$queryRaw<{ rest: unknown }[]>`
    SELECT jsonb_build_object(
      'memories', (SELECT jsonb_agg(to_jsonb(m) - '{embedding,embedding_model}'::text[] ORDER BY m.id) FROM memories m),
      'beliefs', (SELECT jsonb_agg(to_jsonb(b) ORDER BY b.memory_id, b.known_from) FROM memory_beliefs b),
      'events', (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.account_id, e.seq) FROM memory_events e),
      'accounts', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.id) FROM accounts a)) AS rest`;
  return rest?.rest;
}

function expectVectorsOf(rows: readonly Row[], model: string, dimensions: number): void {
  for (const { text, vector, model: found } of rows) {
    expect(found).toBe(model);
    const values = JSON.parse(vector) as number[];
    const expected = unitVector(text, dimensions);
    expect(values).toHaveLength(dimensions);
    expected.forEach((value, at) => expect(values[at]).toBeCloseTo(value, 4));
  }
}

const env = (server: EmbeddingServer, name: string): Record<string, string> => ({
  EMBEDDING_BASE_URL: server.baseUrl,
  EMBEDDING_MODEL: name,
  PALIMPSEST_EMBEDDING_BATCH: '16',
  PALIMPSEST_MODEL_CONCURRENCY: '1', // texts arrive in the order in which they were asked for
});

const near = async (db: Db, { accountId }: Caller, vector: Float32Array, embeddingModel: string) => {
  const { nearest } = await nearestCurrent(
    db,
    { accountId, tenantId: storedTenant(undefined) },
    { text: '', vector, embeddingModel, createdAfter: undefined },
    new Date(),
    false,
  );
  return nearest;
};

/** A good reply, late. */
const slowly =
  (how: HowToReply, delayMs: number) =>
  (request: RecordedRequest): ScriptedReply => ({ ...embeddingReply(how)(request), delayMs });

describe('a database whose embedder is changed', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-embed-'));
  const servers = new Map<string, EmbeddingServer>();
  let database: Record<string, string> = { PALIMPSEST_DATA_DIR: path.join(folder, 'data') };
  let drop = (): Promise<void> => Promise.resolve();
  let app: App | undefined;
  let key: string;
  let caller: Caller;
  let ids: string[];

  const server = (name: string): EmbeddingServer => {
    const found = servers.get(name);
    if (!found) throw new Error(`no server ${name}`);
    return found;
  };
  const open = async (name: string): Promise<App> =>
    createApp(readConfig({ PORT: '0', ...database, ...env(server(name), name) }), pino({ level: 'silent' }), {
      otherwise: 'SYSTEM',
    });
  const start = async (name: string): Promise<App> => (app = await open(name));
  const close = async (): Promise<void> => {
    await app?.close();
    app = undefined;
  };

  beforeAll(async () => {
    if (SERVER !== '') {
      const own = await createDatabase(SERVER);
      database = { DATABASE_URL: own.url };
      drop = own.drop;
    }
    for (const [name, dimensions] of [
      ['a', 6],
      ['b', 8],
      ['c', 5],
      ['d', 4],
    ] as const)
      servers.set(name, await startEmbeddingServer(dimensions));
    const first = await start('a');
    ({ key, caller } = await newCaller(first));
    const other = await newCaller(first);
    ids = [];
    for (let i = 0; i < COUNT; i += 1) ids.push(await add(first, caller, `Memory ${i} is about topic ${i * 7}`));
    ids.push(await add(first, caller, 'Memory 0 is about something else now', ids[0]));
    await add(first, other.caller, 'A memory of another account');
    await close();
  }, 120_000);
  afterEach(close);
  afterAll(async () => {
    await drop();
    await Promise.all([...servers.values()].map((one) => one.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('embeds everything again, each text once, current memories first, and changes nothing else', async () => {
    const before = await start('a');
    const [rest, rows] = [await restOf(before.deps.db), await rowsOf(before.deps.db)];
    expectVectorsOf(rows, 'openai:a:6:1', 6);
    expect(await statusOf(before, key)).toEqual({
      model: 'openai:a:6:1',
      dimensions: 6,
      total: COUNT + 1,
      remaining: 0,
    });
    await close();

    server('b').script(slowly({ dimensions: 8 }, 40));
    const after = await start('b');
    const seen: number[] = [];
    await vi.waitFor(async () => {
      const { remaining, total, model } = await statusOf(after, key);
      seen.push(remaining);
      expect((await after.fetch(new Request('http://palimpsest/ready'))).status).toBe(200);
      expect({ total, model }).toEqual({ total: COUNT + 1, model: 'openai:b:8:1' });
      expect(remaining).toBe(0);
    }, SOON);
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen).toEqual(seen.toSorted((x, y) => y - x));
    const changed = await rowsOf(after.deps.db);
    expect(changed.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expectVectorsOf(changed, 'openai:b:8:1', 8);
    expect(await restOf(after.deps.db)).toEqual(rest);
    const [probe, ...texts] = server('b').texts;
    expect(probe).toBe('dimensions');
    // Newest first, and last of all the one that was replaced.
    expect(texts.slice(0, 3)).toEqual([
      'A memory of another account',
      'Memory 0 is about something else now',
      `Memory ${COUNT - 1} is about topic ${(COUNT - 1) * 7}`,
    ]);
    expect(texts.at(-1)).toBe('Memory 0 is about topic 0');
    expect(texts.toSorted()).toEqual(rows.map(({ text }) => text).toSorted());
  });

  it('finds what is near by the new vectors afterwards', async () => {
    const { deps } = await start('b');
    const text = 'Memory 77 is about topic 539';
    const vector = Float32Array.from(unitVector(text, 8));
    const [nearest] = await near(deps.db, caller, vector, deps.embedder.id);
    expect(nearest?.text).toBe(text);
    expect(nearest?.similarity).toBeCloseTo(1, 4);
  });

  it('lets memories be written, replaced and found by words meanwhile; what is written has the new model at once', async () => {
    // What the job asks for stalls; a write, of one text, does not.
    let isHeld = true;
    server('c').script((request) => ({
      ...embeddingReply({ dimensions: 5 })(request),
      delayMs: isHeld && request.body.input.length > 1 ? 3_000 : 0,
    }));
    const changing = await start('c');
    const rival = ids[1] ?? '';
    const written = await add(changing, caller, 'A write in the middle', rival);
    isHeld = false;
    const { deps } = changing;
    const { remaining } = await statusOf(changing, key);
    expect(remaining).toBe(COUNT + 1);
    const models = new Map((await rowsOf(deps.db)).map(({ id, model }) => [id, model]));
    expect(models.get(written)).toBe('openai:c:5:1');
    expect(models.get(rival)).toBe('openai:b:8:1');
    const { memories } = await listMemories(deps, caller, { text: 'topic 525' });
    expect(memories.map(({ text }) => text)).toEqual(['Memory 75 is about topic 525']);
    await finished(changing, key);
    const rows = await rowsOf(deps.db);
    expectVectorsOf(rows, 'openai:c:5:1', 5);
    const old = await deps.db.memory.findFirstOrThrow({ where: { id: rival } });
    expect(old).toMatchObject({ supersededById: written });
    expect(old.knownTo).not.toBeNull();
  });

  it('goes on where it ended: a server that is closed does not wait for a model that stalls', async () => {
    // The first round of 128 comes back, the second never does.
    let texts = 0;
    server('d').script((request) => {
      texts += request.body.input.length;
      return { ...embeddingReply({ dimensions: 4 })(request), delayMs: texts > 129 ? 60_000 : 0 };
    });
    const first = await start('d');
    const total = COUNT + 2;
    const left = total + 1 - 128;
    await vi.waitFor(async () => {
      expect((await statusOf(first, key)).remaining).toBe(left);
    }, SOON);
    const closedAt = performance.now();
    await close();
    expect(performance.now() - closedAt).toBeLessThan(5_000);

    server('d').script(embeddingReply({ dimensions: 4 }));
    const second = await start('d');
    await finished(second, key);
    expectVectorsOf(await rowsOf(second.deps.db), 'openai:d:4:1', 4);
    expect(server('d').texts).toHaveLength(1 + left); // its dimensions, and nothing twice
  });

  it('is whole after kill -9 in the middle, and goes on', async () => {
    const before = await start('d');
    const rest = await restOf(before.deps.db);
    await close();
    let texts = 0;
    server('a').script((request) => {
      texts += request.body.input.length;
      return { ...embeddingReply({ dimensions: 6 })(request), delayMs: texts > 129 ? 60_000 : 0 };
    });
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'start'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], PORT: '0', ...database, ...env(server('a'), 'a') },
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    // The second round is asked for once the first was written.
    await vi.waitUntil(() => texts > 129, { timeout: 60_000, interval: 5 });
    child.kill('SIGKILL');
    await ended;

    server('a').script(embeddingReply({ dimensions: 6 }));
    const again = await start('a');
    const total = (await rowsOf(again.deps.db)).length;
    await finished(again, key);
    expectVectorsOf(await rowsOf(again.deps.db), 'openai:a:6:1', 6);
    expect(await restOf(again.deps.db)).toEqual(rest);
    expect(server('a').texts).toHaveLength(1 + total - 128);
  });

  it('waits and tries again while the model is down', async () => {
    server('b').script(embeddingReply({ dimensions: 8 }), errorReply(401), embeddingReply({ dimensions: 8 }));
    const changing = await start('b');
    await finished(changing, key);
    expectVectorsOf(await rowsOf(changing.deps.db), 'openai:b:8:1', 8);
  });

  it('is let go by a start that fails', async () => {
    server('c').script(errorReply(404));
    await expect(start('c')).rejects.toThrow(/EMBEDDING_MODEL: .* does not know the model/);
    expect(await statusOf(await start('b'), key)).toMatchObject({ model: 'openai:b:8:1', remaining: 0 });
  });

  describe.skipIf(SERVER === '')('by several servers', () => {
    const url = (): string => database['DATABASE_URL'] ?? '';

    it('is embedded again by one at a time: each text once', async () => {
      server('c').script(slowly({ dimensions: 5 }, 20));
      const nodes = await Promise.all([open('c'), open('c'), open('c')]);
      const [first] = nodes;
      await Promise.all(nodes.map((node) => finished(node, key)));
      const rows = await rowsOf(first.deps.db);
      expectVectorsOf(rows, 'openai:c:5:1', 5);
      await Promise.all(nodes.map((node) => node.close()));
      expect(server('c').texts).toHaveLength(nodes.length + rows.length);
    });

    it('is taken over by another when the one at it is cut off', async () => {
      let rounds = 0;
      server('d').script((request) => {
        const isRound = request.body.input.length > 1;
        if (isRound) rounds += 1;
        // Whoever is first stalls.
        return { ...embeddingReply({ dimensions: 4 })(request), delayMs: isRound && rounds === 2 ? 60_000 : 0 };
      });
      const [first, second] = [await open('d'), await open('d')];
      await vi.waitUntil(() => rounds >= 2, SOON);
      await runSql(
        url(),
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 72707372 AND granted`,
      );
      await finished(second, key);
      expectVectorsOf(await rowsOf(second.deps.db), 'openai:d:4:1', 4);
      await Promise.all([first.close(), second.close()]);
    });

    it('goes around rows that a writer holds, rather than to wait for them with others in hand', async () => {
      let rounds = 0;
      server('a').script((request) => {
        const isRound = request.body.input.length > 1;
        if (isRound) rounds += 1;
        return { ...embeddingReply({ dimensions: 6 })(request), delayMs: isRound && rounds === 1 ? 1_000 : 0 };
      });
      const changing = await open('a');
      await vi.waitUntil(() => rounds >= 1, SOON);
      const [held = '', done = ''] = ids.slice(40);
      const raise = (tx: Pick<Db, '$executeRaw'>, id: string): Promise<number> =>
        tx.$executeRaw`UPDATE memories SET importance = 9 WHERE id = ${id}::uuid`;
      await changing.deps.db.$transaction(async (tx) => {
        await raise(tx, held);
        await vi.waitFor(async () => {
          expect((await statusOf(changing, key)).remaining).toBe(1);
        }, SOON);
        await raise(tx, done);
      });
      await finished(changing, key);
      const rows = await rowsOf(changing.deps.db);
      expectVectorsOf(rows, 'openai:a:6:1', 6);
      expect(await changing.deps.db.memory.count({ where: { id: { in: [held, done] }, importance: 9 } })).toBe(2);
      expect(server('a').texts).toHaveLength(1 + rows.length); // the one that was held came from the cache
      await changing.close();
    });

    it('goes one way while servers of two models run: that of the one started last', async () => {
      server('d').script(embeddingReply({ dimensions: 4 }));
      const old = await open('d');
      await finished(old, key);
      let isHeld = true;
      server('b').script((request) => ({
        ...embeddingReply({ dimensions: 8 })(request),
        delayMs: isHeld && request.body.input.length > 1 ? 1_500 : 0,
      }));
      const next = await open('b');
      const late = await add(old, caller, 'Written by the server that goes away');
      isHeld = false;
      const asked = server('d').texts.length;
      await finished(next, key);
      const rows = await rowsOf(next.deps.db);
      expectVectorsOf(rows, 'openai:b:8:1', 8);
      expect(rows.map(({ id }) => id)).toContain(late);
      // The old one looks again 5 s after it was done, and undoes nothing.
      for (const until = performance.now() + 6_000; performance.now() < until;) {
        expect((await statusOf(next, key)).remaining).toBe(0);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      expect(server('d').texts).toHaveLength(asked);
      await Promise.all([old.close(), next.close()]);
    });
  });
});

describe('a model', { timeout: 60_000 }, () => {
  let app: TestApp;
  let caller: Caller;
  let job: ReEmbedding | undefined;
  const logged: object[] = [];
  const journal: Journal = {
    info: (details) => void logged.push(details),
    warn: (details) => void logged.push(details),
  };

  beforeAll(async () => {
    app = await startApp();
    ({ caller } = await app.newClient());
  });
  afterEach(async () => {
    await job?.stop();
    logged.length = 0;
  });
  afterAll(() => app.close());

  const embedder = (id: string, refuses: (text: string) => boolean, dimensions = 3): Embedder => ({
    id,
    dimensions,
    embed: (texts) =>
      texts.some(refuses)
        ? Promise.reject(new TextRefused())
        : Promise.resolve(texts.map((text) => Float32Array.from(unitVector(text, dimensions)))),
  });
  const begin = async (using: Embedder): Promise<void> => {
    await ensureVectorIndex(app.deps.db, using);
    job = startReEmbedding({ db: app.deps.db, embedder: using, config: app.deps.config }, journal);
  };
  const modelsOf = async (): Promise<Map<string, string>> =>
    new Map((await rowsOf(app.deps.db)).map(({ text, model }) => [text, model]));

  it('that refuses a text leaves it its old vector, and keeps no other from its new one', async () => {
    for (const content of ['Ann likes tea', 'A poisonous text', 'Bo likes coffee']) await add(app, caller, content);
    await begin(embedder('picky', (text) => text.includes('poison')));
    await vi.waitFor(async () => {
      expect((await modelsOf()).get('Ann likes tea')).toBe('picky');
    }, SOON);
    await vi.waitUntil(() => logged.some((details) => 'changed' in details), SOON);
    expect(await modelsOf()).toEqual(
      new Map([
        ['Ann likes tea', 'picky'],
        ['A poisonous text', app.deps.embedder.id],
        ['Bo likes coffee', 'picky'],
      ]),
    );
    expect(logged.at(-1)).toMatchObject({ changed: 2, refused: 1 });
    expect(JSON.stringify(logged)).not.toContain('poison');
  });

  it('that refuses all of them is tried again: it is hardly the texts', async () => {
    let isDown = true;
    await begin(embedder('moody', () => isDown));
    await vi.waitUntil(() => logged.some((details) => 'waitMs' in details), SOON);
    isDown = false;
    await vi.waitFor(async () => {
      expect([...new Set((await modelsOf()).values())]).toEqual(['moody']);
    }, SOON);
  });

  it.each([
    [2_000, 'vector(2000)', 1],
    [2_001, 'halfvec(2001)', 1],
    [4_000, 'halfvec(4000)', 1],
    [4_001, '(4001)', 0],
  ])('of %i dimensions is stored as it is, and indexed as %s in %i index', async (dimensions, type, count) => {
    const { db } = app.deps;
    const name = `wide-${dimensions}`;
    await begin(embedder(name, () => false, dimensions));
    await vi.waitFor(async () => {
      expect([...new Set((await modelsOf()).values())]).toEqual([name]);
    }, SOON);
    const indexes = await db.$queryRaw<unknown[]>`
      SELECT FROM pg_indexes WHERE tablename = 'memories' AND position(${type} in indexdef) > 0`;
    expect(indexes).toHaveLength(count);
    const found = await near(db, caller, Float32Array.from(unitVector('Bo likes coffee', dimensions)), name);
    expect(found).toHaveLength(3);
    expect(found[0]).toMatchObject({ text: 'Bo likes coffee' });
    expect(found[0]?.similarity).toBeCloseTo(1, 3);
  });

  it('of more dimensions than can be stored is refused', async () => {
    const huge = ensureVectorIndex(app.deps.db, { id: 'huge', dimensions: 16_001 });
    await expect(huge).rejects.toThrow('16001 dimensions; PostgreSQL stores up to 16000');
  });
});
