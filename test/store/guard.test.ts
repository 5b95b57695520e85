import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Db } from '../../src/store/client.js';
import { embeddedPool } from '../../src/store/embedded-pool.js';
import { EmbeddedPostgres } from '../../src/store/embedded.js';
import { actPerRequest, asSystem, eachAs, runAs, stateOfGuard, type Actor } from '../../src/store/guard.js';
import { readMemory } from '../../src/store/memories.js';
import { migrate } from '../../src/store/migrate.js';
import { startApp, type Client, type TestApp } from '../support/start-app.js';

let app: TestApp;
let db: Db;
let mine: Client;
let other: Client;
/** A memory of each: in my default tenant, in a tenant of mine, of somebody else. */
let own: string;
let tenants: string;
let foreign: string;

const save = async (client: Client, content: string, tenantId?: string): Promise<string> => {
  const { body } = await client.rest<{ memory_id: string }>('POST', '/agent/memories', {
    content,
    ...(tenantId !== undefined && { tenant_id: tenantId }),
  });
  return body.memory_id;
};

beforeAll(async () => {
  app = await startApp();
  ({ db } = app.deps);
  [mine, other] = [await app.newClient(), await app.newClient()];
  own = await save(mine, 'The harbour opens at six.');
  tenants = await save(mine, 'The lighthouse is white.', 'north');
  foreign = await save(other, 'The ferry is late.');
});
afterAll(() => app.close());

const me = (): Actor => ({ accountId: mine.caller.accountId });
const meIn = (tenantId: string): Actor => ({ accountId: mine.caller.accountId, tenantId });
const idsSeen = async (actor: Actor): Promise<string[]> =>
  (
    await runAs(actor, () => db.$queryRaw<{ id: string }[]>`SELECT id FROM memories ORDER BY created_seq, account_id`)
  ).map(({ id }) => id);

const TABLES = `SELECT c.relname AS name, c.relrowsecurity AS "isOn", ARRAY(
    SELECT r.rolname::text FROM pg_policy p, unnest(p.polroles) AS role JOIN pg_roles r ON r.oid = role
    WHERE p.polrelid = c.oid ORDER BY 1) AS roles
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND (a.attname = 'account_id' OR (c.relname = 'accounts' AND a.attname = 'id')) ORDER BY 1`;
interface Table {
  name: string;
  isOn: boolean;
  roles: string[];
}

describe('the guard of the store', () => {
  it('is on every table with rows of an account, for both roles', async () => {
    const tables = await db.$queryRawUnsafe<Table[]>(TABLES);
    expect(tables.length).toBeGreaterThan(15);
    for (const { name, isOn, roles } of tables) {
      expect([name, isOn, roles]).toEqual([name, true, ['palimpsest_account', 'palimpsest_tenant']]);
    }
  });

  it('shows nobody a row of any table, and lets nobody write one', async () => {
    for (const { name } of await db.$queryRawUnsafe<Table[]>(TABLES)) {
      const [row] = await runAs('NOBODY', () =>
        db.$queryRawUnsafe<{ n: bigint }[]>(`SELECT count(*) AS n FROM ${name}`),
      );
      expect([name, row?.n]).toEqual([name, 0n]);
    }
    expect(await runAs('NOBODY', () => db.memory.updateMany({ data: { importance: 1 } }))).toEqual({ count: 0 });
    await expect(
      runAs('NOBODY', () =>
        db.chain.create({ data: { accountId: mine.caller.accountId, id: own, tenantId: '', createdAt: new Date() } }),
      ),
    ).rejects.toThrow(/row-level security/);
  });

  it('shows an account its rows, a tenant those of the tenant, and the system all', async () => {
    expect(await idsSeen(me())).toEqual([own, tenants]);
    expect(await idsSeen(meIn('north'))).toEqual([tenants]);
    expect(await idsSeen(meIn(''))).toEqual([own]);
    expect(await idsSeen(meIn('south'))).toEqual([]);
    expect(new Set(await idsSeen('SYSTEM'))).toEqual(new Set([own, tenants, foreign]));
  });

  it('refuses rows written for another account, or another tenant', async () => {
    const chain = (actor: Actor, accountId: string, tenantId: string) =>
      runAs(actor, () =>
        db.chain.create({ data: { accountId, id: crypto.randomUUID(), tenantId, createdAt: new Date() } }),
      );
    await expect(chain(me(), other.caller.accountId, '')).rejects.toThrow(/row-level security/);
    await expect(chain(meIn('north'), mine.caller.accountId, '')).rejects.toThrow(/row-level security/);
    expect(await chain(meIn('north'), mine.caller.accountId, 'north')).toMatchObject({ tenantId: 'north' });
    const moved = runAs(meIn('north'), () => db.chain.updateMany({ data: { tenantId: '' } }));
    await expect(moved).rejects.toThrow(/row-level security/);
  });

  it("does not let a role of a request past it, nor give it what is not an account's", async () => {
    const [row] = await runAs(
      me(),
      () => db.$queryRaw<{ active: boolean }[]>`SELECT row_security_active('memories') AS active`,
    );
    expect(row).toEqual({ active: true });
    await expect(runAs(me(), () => db.$queryRaw`SELECT * FROM _prisma_migrations`)).rejects.toThrow(/42501/);
    await expect(runAs(me(), () => db.$executeRaw`ALTER TABLE memories DISABLE ROW LEVEL SECURITY`)).rejects.toThrow(
      /42501/,
    );
  });
});

describe('who acts', () => {
  const read = (client: Client, id: string) =>
    runAs({ accountId: client.caller.accountId }, () => readMemory(db, { accountId: client.caller.accountId }, id));

  it('is kept apart for look-ups that are begun in one tick', async () => {
    const [first, second, third, stolen] = await Promise.all([
      read(mine, own),
      read(other, foreign),
      runAs(meIn('north'), () => readMemory(db, { accountId: mine.caller.accountId }, own)),
      runAs(me(), () => readMemory(db, { accountId: other.caller.accountId }, foreign)),
    ]);
    expect([first?.id, second?.id, third, stolen]).toEqual([own, foreign, null, null]);
  });

  it('still has look-ups of one account asked for together', async () => {
    const statements = await app.statementsOf(() =>
      runAs(me(), () =>
        Promise.all(
          [own, tenants].map((id) =>
            db.memory.findUnique({ where: { accountId_id: { accountId: mine.caller.accountId, id } } }),
          ),
        ),
      ),
    );
    expect(statements).toHaveLength(1);
  });

  it('is whoever asked, however many wait for a connection', async () => {
    const actors: Actor[] = [me(), { accountId: other.caller.accountId }, meIn('north'), 'NOBODY', 'SYSTEM'];
    const wanted = [2, 1, 1, 0, 3];
    const counts = await Promise.all(
      Array.from({ length: 100 }, (_, i) => runAs(actors[i % 5] ?? 'NOBODY', () => db.memory.count())),
    );
    expect(counts).toEqual(counts.map((_, i) => wanted[i % 5]));
  });

  it('is not changed by what a transaction takes back, nor by a statement that fails', async () => {
    const failed = runAs(me(), () =>
      db.$transaction(async (tx) => {
        expect(await tx.memory.count()).toBe(2);
        expect(await asSystem(() => tx.memory.count())).toBe(2); // a transaction acts for whom it was begun
        throw new Error('taken back');
      }),
    );
    await expect(failed).rejects.toThrow('taken back');
    expect(await runAs({ accountId: other.caller.accountId }, () => db.memory.count())).toBe(1);
    await expect(runAs(me(), () => db.$queryRaw`SELECT 1 / 0`)).rejects.toThrow();
    expect(await runAs('NOBODY', () => db.memory.count())).toBe(0);
    expect(await runAs(me(), () => db.memory.count())).toBe(2);
  });

  it('is nobody on a connection that could not be told', async () => {
    await asSystem(() => db.memory.count());
    await expect(runAs(meIn('\0'), () => db.memory.count())).rejects.toThrow();
    expect(await runAs(me(), () => db.memory.count())).toBe(2);
  });

  it('is who a generator was made for, whoever asks for its next item', async () => {
    async function* counts() {
      for (;;) yield await db.memory.count();
    }
    const items = eachAs(me(), counts());
    const ask = (actor: Actor) => runAs(actor, () => items.next());
    expect([await ask('SYSTEM'), await ask('NOBODY')].map(({ value }) => value as number)).toEqual([2, 2]);
    await items.return(undefined);
  });

  it('is refused to be guessed in another version of Prisma', () => {
    expect(() => actPerRequest({})).toThrow(/version of Prisma/);
  });
});

describe('without the right to make roles', () => {
  let database: EmbeddedPostgres;
  let pool: ReturnType<typeof embeddedPool>;
  const [a, b] = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000'];
  const count = async (actor: Actor): Promise<unknown> =>
    runAs(actor, async () => (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM chains')).rows[0]?.n);

  beforeAll(async () => {
    database = new EmbeddedPostgres('memory://', inject('snapshot'));
    await database.ready;
    pool = embeddedPool(database, { otherwise: 'SYSTEM' });
    await pool.query(`CREATE ROLE plain NOLOGIN; GRANT ALL ON SCHEMA public TO plain;
      DROP OWNED BY palimpsest_account, palimpsest_tenant; DROP ROLE palimpsest_account, palimpsest_tenant;
      DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
          EXECUTE format('ALTER TABLE %s OWNER TO plain', name);
        END LOOP;
      END $$;
      SET SESSION AUTHORIZATION plain`);
    await migrate(pool);
    for (const id of [a, b]) {
      await pool.query(`INSERT INTO accounts VALUES ($1, 'plain', 'pro', 'active', 0, now(), 0, now(), now())`, [id]);
      await pool.query(`INSERT INTO chains VALUES ($1, $1, '', now()), ($1, gen_random_uuid(), 'north', now())`, [id]);
    }
  });
  afterAll(async () => {
    await pool.end();
    await database.close();
  });

  it('forces the policies upon the owner, and says so', async () => {
    expect(await stateOfGuard(pool)).toEqual({ hasRoles: false, isActive: true, isIndexed: true });
    expect([
      await count('SYSTEM'),
      await count({ accountId: a }),
      await count({ accountId: a, tenantId: 'north' }),
    ]).toEqual([4, 2, 1]);
    expect(await count('NOBODY')).toBe(0);
    const insert = runAs({ accountId: a }, () =>
      pool.query(`INSERT INTO chains VALUES ($1, gen_random_uuid(), '', now())`, [b]),
    );
    await expect(insert).rejects.toThrow(/row-level security/);
  });

  it('takes up roles that somebody made, at the next start', async () => {
    await pool.query('SET SESSION AUTHORIZATION postgres');
    await pool.query('CREATE ROLE palimpsest_account NOLOGIN; CREATE ROLE palimpsest_tenant NOLOGIN');
    await pool.query('GRANT palimpsest_account, palimpsest_tenant TO plain; SET SESSION AUTHORIZATION plain');
    await migrate(pool);
    expect(await stateOfGuard(pool)).toMatchObject({ hasRoles: true, isActive: true });
    expect([
      await count('SYSTEM'),
      await count({ accountId: a }),
      await count({ accountId: a, tenantId: 'north' }),
    ]).toEqual([4, 2, 1]);
    expect(await count('NOBODY')).toBe(0);
  });
});
