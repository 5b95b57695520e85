import { afterAll, beforeAll, expect, it } from 'vitest';
import { embeddedPool } from '../../src/store/embedded-pool.js';
import { EmbeddedPostgres } from '../../src/store/embedded.js';
import type { GuardedPool } from '../../src/store/guard.js';
import { analyzeStale } from '../../src/store/statistics.js';

let database: EmbeddedPostgres;
let pool: GuardedPool;

beforeAll(async () => {
  database = new EmbeddedPostgres('memory://');
  await database.ready;
  pool = embeddedPool(database, { otherwise: 'SYSTEM' });
  await pool.query('CREATE TABLE few (n integer); CREATE TABLE many (n integer)');
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

/** What was counted is told once a second, or when it is asked for. */
async function look(): Promise<string[]> {
  await pool.query('SELECT pg_stat_force_next_flush()');
  await pool.query('SELECT pg_stat_clear_snapshot()');
  return analyzeStale(pool, () => Promise.resolve());
}
const estimate = async (): Promise<number> => {
  const { rows } = await pool.query<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }>(
    'EXPLAIN (FORMAT JSON) SELECT * FROM many WHERE n = 1',
  );
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? NaN;
};

it('the embedded database is told what its tables hold once they have changed a good deal, and not before', async () => {
  await pool.query('INSERT INTO few SELECT generate_series(1, 100)');
  await pool.query('INSERT INTO many SELECT 1 FROM generate_series(1, 2000)');
  expect(await estimate()).toBeLessThan(100);
  expect(await look()).toEqual(['public.many']);
  expect(await estimate()).toBe(2_000);
  expect(await look()).toEqual([]);
  await pool.query('UPDATE many SET n = 2 WHERE ctid IN (SELECT ctid FROM many LIMIT 400)');
  expect(await look()).toEqual([]);
  await pool.query('UPDATE many SET n = 2');
  expect(await look()).toEqual(['public.many']);
  expect(await estimate()).toBe(1);
});
