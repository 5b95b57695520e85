import type pg from 'pg';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { embeddedPool } from '../../src/store/embedded-pool.js';
import { EmbeddedPostgres } from '../../src/store/embedded.js';
import { JobQueue } from '../../src/store/job-queue.js';

let database: EmbeddedPostgres;
let pool: pg.Pool;

beforeAll(async () => {
  database = new EmbeddedPostgres('memory://', inject('snapshot'));
  await database.ready;
  pool = embeddedPool(database, { otherwise: 'SYSTEM' });
});
afterAll(async () => {
  await pool.end();
  await database.close();
});

it('a queue that could not be started, as its database was away, is started by the next who asks', async () => {
  let isAway = true;
  const flaky = Object.create(pool, {
    query: {
      value: (text: string, values: unknown[]) =>
        isAway ? Promise.reject(new Error('Connection terminated unexpectedly')) : pool.query(text, values),
    },
  }) as pg.Pool;
  const queue = new JobQueue<{ name: string }>(flaky, 'test', { limit: 1, delaySeconds: 1 }, () => undefined);
  await expect(queue.start()).rejects.toThrow('Connection terminated');
  isAway = false;
  await queue.start();
  const done: string[] = [];
  await queue.work(1, ({ data }) => {
    done.push(data.name);
    return Promise.resolve(true);
  });
  const add = {
    $queryRawUnsafe: async (text: string, ...values: unknown[]) => (await pool.query<object>(text, values)).rows,
  };
  await queue.add(add as never, [{ name: 'a job' }]);
  queue.hurry();
  await vi.waitFor(() => expect(done).toEqual(['a job']), { timeout: 10_000 });
  await queue.stop();
});

it('a database that goes away while a job is done is told of, and ends nothing', async () => {
  let isAway = false;
  const errors: unknown[] = [];
  const flaky = Object.create(pool, {
    query: {
      value: (text: string, values: unknown[]) =>
        isAway ? Promise.reject(new Error('Connection terminated unexpectedly')) : pool.query(text, values),
    },
  }) as pg.Pool;
  const queue = new JobQueue<{ name: string }>(flaky, 'gone', { limit: 1, delaySeconds: 1 }, (error) =>
    errors.push(error),
  );
  await queue.start();
  await queue.work(1, () => {
    isAway = true;
    return Promise.resolve(true);
  });
  const add = {
    $queryRawUnsafe: async (text: string, ...values: unknown[]) => (await pool.query<object>(text, values)).rows,
  };
  await queue.add(add as never, [{ name: 'a job' }]);
  queue.hurry();
  await vi.waitFor(() => expect(errors.map(String)).toContain('Error: Connection terminated unexpectedly'), 10_000);
  isAway = false;
  await queue.stop();
});
