import PgBoss from 'pg-boss';
import type pg from 'pg';
import type { Tx } from './client.js';

/** Tables of the queue live in a schema of their own, made when the queue is first used. */
const SCHEMA = 'palimpsest_jobs';
const POLL_SECONDS = 2;
/** A node that died in the middle of a job: another takes the job up after so long. */
const ABANDONED_SECONDS = 60;
const STOP_MS = 5_000;

export interface Retries {
  limit: number;
  /** Before the first repetition, in seconds; doubles with each. */
  delaySeconds: number;
}

export interface Job<Data> {
  data: Data;
  /** Whether it will not be tried again if it fails now. */
  isLastTry: boolean;
}

/** Work that outlives the process, on the database that is there: pg-boss. Any number of nodes may share it. */
export class JobQueue<Data extends object> {
  #boss: PgBoss;
  #worker: string | undefined;
  #starting: Promise<void> | undefined;
  #isStopped = false;

  constructor(
    private readonly pool: pg.Pool,
    readonly name: string,
    private readonly retries: Retries,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#boss = this.#newBoss();
  }

  #newBoss(): PgBoss {
    const executeSql = async (text: string, values: unknown[] = []): Promise<{ rows: unknown[] }> => {
      const asked = this.pool.query<Record<string, unknown>>(text, values);
      return isAboutDoneJobs(values) ? asked.catch((error: unknown) => this.#notTold(error)) : asked;
    };
    const boss = new PgBoss({ db: { executeSql }, schema: SCHEMA, schedule: false });
    boss.on('error', this.onError);
    return boss;
  }

  /**
   * That jobs are done, or not, could not be said. pg-boss waits for no answer to that, so that a failure would end the process; they
   * are taken for abandoned after a while, and done again.
   */
  #notTold(error: unknown): { rows: unknown[] } {
    if (!this.#isStopped) this.onError(error);
    return { rows: [{ count: 0 }] };
  }

  /** Makes the tables and looks after jobs that were left behind; again does nothing. */
  start(): Promise<void> {
    return (this.#starting ??= this.#open().catch((error: unknown) => {
      // The database was away. The next call tries again, on a new one: what failed to start takes itself for starting for ever.
      void this.#boss.stop({ graceful: false, wait: false, close: false }).catch(() => undefined);
      this.#boss = this.#newBoss();
      this.#starting = undefined;
      throw error;
    }));
  }

  async #open(): Promise<void> {
    await this.#boss.start();
    await this.#boss.createQueue(this.name, {
      name: this.name,
      retryLimit: this.retries.limit,
      retryDelay: this.retries.delaySeconds,
      retryBackoff: true,
      expireInSeconds: ABANDONED_SECONDS,
    });
  }

  /** Adds jobs in the caller's transaction: they are there if it commits. */
  async add(tx: Tx, jobs: readonly Data[]): Promise<void> {
    const executeSql = async (text: string, values: unknown[]) => ({
      rows: await tx.$queryRawUnsafe<unknown[]>(text, ...values),
    });
    await this.#boss.insert(
      jobs.map((data) => ({ name: this.name, data })),
      { db: { executeSql } },
    );
  }

  /** Has jobs done, up to `atOnce` side by side. `handle` says whether a job is done; a job that is not comes again later. */
  async work(atOnce: number, handle: (job: Job<Data>) => Promise<boolean>): Promise<void> {
    const options = { batchSize: atOnce, includeMetadata: true as const, pollingIntervalSeconds: POLL_SECONDS };
    this.#worker = await this.#boss.work<Data>(this.name, options, async (jobs) => {
      await Promise.all(
        jobs.map(async ({ id, data, retryCount, retryLimit }) => {
          const isDone = await handle({ data, isLastTry: retryCount >= retryLimit }).catch(() => false);
          // One by one: an error thrown here would have the whole batch repeated.
          if (!isDone) await this.#boss.fail(this.name, id);
        }),
      );
    });
  }

  /** Something was added by this node: no need to wait for the next look. */
  hurry(): void {
    if (this.#worker !== undefined) this.#boss.notifyWorker(this.#worker);
  }

  /** Finishes what runs, for a while. */
  async stop(): Promise<void> {
    if (!this.#starting) return;
    await this.#starting.catch(() => undefined);
    await this.#boss.stop({ graceful: true, wait: true, timeout: STOP_MS, close: false });
    this.#isStopped = true; // what is said after this finds the database closed
  }
}

/** `complete` and `fail` of pg-boss: a queue's name, ids of jobs, and what came of them. */
const isAboutDoneJobs = ([, ids, ...outcome]: readonly unknown[]): boolean =>
  Array.isArray(ids) && outcome.length === 1;
