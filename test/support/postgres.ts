import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** A database of its own on a server. */
export interface OwnDatabase {
  url: string;
  /** Ends whatever is still connected to it. */
  drop: () => Promise<void>;
}

/** Creates an empty database on the server at `server`, a URL of somebody who may. */
export async function createDatabase(server: string): Promise<OwnDatabase> {
  const name = `palimpsest_test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await runSql(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runSql(server, `DROP DATABASE ${name} WITH (FORCE)`).then(() => undefined) };
}

/** Runs SQL on a connection of its own, past whatever pool is under test. */
export async function runSql<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
