import pg from 'pg';
import { RequestTime } from './request-time.js';

/** Ends what a connection runs, and the connection with it. Undefined: it can only be waited for. */
type Break = ((client: pg.PoolClient) => void) | undefined;

/** As PostgreSQL says it of a statement that was canceled. */
const QUERY_CANCELED = '57014';
/** What ends a transaction is let through: left open it would hold its locks. */
const ENDS = /^(COMMIT|ROLLBACK)/;

type Query = (statement: pg.QueryConfig | string, values?: unknown[]) => Promise<pg.QueryResult>;

/**
 * Holds the statements of a pool to the time of the request that runs them: none is begun when it is up, and one that runs then
 * is broken off. A transaction of such a request rolls back. Statements outside of a request take as long as they take.
 */
export function holdToTime(pool: pg.Pool, breakOff: Break): pg.Pool {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as Query;
    client.query = ((...args: Parameters<Query>) => timed(client, query, args, breakOff)) as typeof client.query;
  });
  const connect = pool.connect.bind(pool) as (...args: unknown[]) => Promise<pg.PoolClient>;
  const query = pool.query.bind(pool) as Query;
  const isTimed = (args: readonly unknown[]): boolean => RequestTime.current() !== undefined && !hasCallback(args);
  pool.connect = ((...args: unknown[]) => (isTimed(args) ? acquire(connect) : connect(...args))) as typeof pool.connect;
  pool.query = ((...args: Parameters<Query>) =>
    isTimed(args) ? once(connect, args) : query(...args)) as typeof pool.query;
  return pool;
}

/** A connection; if the time is up once there is one, it goes back as it is, and not for a broken one, which would be closed. */
async function acquire(connect: () => Promise<pg.PoolClient>): Promise<pg.PoolClient> {
  const time = RequestTime.current();
  if (time?.signal.aborted) throw canceled();
  const client = await connect();
  if (!time?.signal.aborted) return client;
  client.release();
  throw canceled();
}

/** What waits for its result by a function is not of ours, and left as it is. */
const hasCallback = (args: readonly unknown[]): boolean => typeof args.at(-1) === 'function';

function timed(client: pg.PoolClient, query: Query, args: Parameters<Query>, breakOff: Break): ReturnType<Query> {
  const [statement] = args;
  const time = hasCallback(args) ? undefined : RequestTime.current();
  if (!time || ENDS.test(typeof statement === 'string' ? statement : statement.text)) return query(...args);
  if (time.signal.aborted) return Promise.reject(canceled());
  const running = query(...args);
  if (!breakOff) return running;
  const stop = (): void => breakOff(client);
  time.signal.addEventListener('abort', stop);
  return running.finally(() => time.signal.removeEventListener('abort', stop));
}

/**
 * One statement on any connection. As the pool's own, but by promises throughout: its callbacks run in the context of whoever
 * gave the connection back, and a statement would be held to the time of another's request.
 */
async function once(connect: () => Promise<pg.PoolClient>, args: Parameters<Query>): Promise<pg.QueryResult> {
  const client = await acquire(connect);
  const listen = (): void => undefined; // its statement fails with it, which is all there is to know
  client.on('error', listen);
  let failure: Error | undefined;
  try {
    return await (client.query as Query)(...args);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off('error', listen);
    client.release(failure);
  }
}

function canceled(): Error {
  const error = new pg.DatabaseError('the time of the request is up', 0, 'error');
  return Object.assign(error, { code: QUERY_CANCELED, severity: 'ERROR' });
}

const CANCEL = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
  WHERE pid = $1 AND datname = current_database() AND usename = current_user AND state = 'active'`;
const CONNECT_MS = 5_000;

/**
 * Breaks off on a real server: the connection is closed at once, and the server told to stop what it does for it, which it
 * would notice only when there is a result to send. A connection that is closed can not be anybody else's by then.
 */
export const cancelOn =
  (url: string) =>
  (client: pg.PoolClient): void => {
    const { processID, connection } = client as unknown as {
      processID: number;
      connection: { stream: { destroy(): void } };
    };
    connection.stream.destroy();
    const canceler = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    canceler.on('error', () => undefined);
    void canceler
      .connect()
      .then(() => canceler.query(CANCEL, [processID]))
      .catch(() => undefined) // then it goes on to its end, and finds nobody there
      .finally(() => canceler.end().catch(() => undefined));
  };
