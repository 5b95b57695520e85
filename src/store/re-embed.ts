import pg from 'pg';
import type { DatabaseConfig } from '../config.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Reach } from './reach.js';
import type { Db } from './client.js';
import { fromWholeNumbers, writeVector } from './stored-vector.js';
import { outsideModel } from './vector-index.js';

/** A memory whose vector is of another model. */
export interface OutdatedMemory {
  accountId: string;
  id: string;
  text: string;
}

/** Memories of other models than this one, those that are current first, of each the newest first. */
export const readOutdated = (
  db: Db,
  model: string,
  limit: number,
  except: readonly string[],
): Promise<OutdatedMemory[]> =>
  db.$queryRaw`
    SELECT m.account_id AS "accountId", m.id, m.text FROM memories m
    WHERE ${outsideModel(model)} AND m.id <> ALL (${[...except]}::uuid[])
    ORDER BY (m.known_to IS NULL) DESC, m.known_from DESC LIMIT ${limit}`;

/**
 * Gives memories the vectors of another model, and changes nothing else of them; one statement. Rows that somebody else
 * holds at this moment are left for later: to wait for them while holding others could end in a deadlock with a writer.
 * Gives the number of those changed.
 */
export function replaceEmbeddings(
  db: Db,
  model: string,
  memories: readonly (Omit<OutdatedMemory, 'text'> & { embedding: Float32Array })[],
): Promise<number> {
  const rows = memories.map(({ accountId, id, embedding }) => ({
    accountId,
    id,
    embedding: writeVector(embedding).text,
  }));
  const vector = fromWholeNumbers(Prisma.sql`new.embedding`, memories[0]?.embedding.length ?? 0);
  return db.$executeRaw`
    WITH new AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row ("accountId" uuid, id uuid, embedding text)
    ), free AS MATERIALIZED (
      SELECT m.account_id, m.id FROM memories m JOIN new ON m.account_id = new."accountId" AND m.id = new.id
      WHERE m.embedding_model <> ${model} FOR NO KEY UPDATE OF m SKIP LOCKED
    )
    UPDATE memories m SET embedding = ${vector}, embedding_model = ${model}
    FROM free JOIN new ON free.account_id = new."accountId" AND free.id = new.id
    WHERE m.account_id = free.account_id AND m.id = free.id`;
}

/** Memories of an account, and those of them that are of other models than this one. */
export async function countOutdated(
  db: Db,
  { accountId, boundTenant }: Reach,
  model: string,
): Promise<{ total: number; remaining: number }> {
  const ofTenant = boundTenant === undefined ? Prisma.empty : Prisma.sql`AND m.tenant_id = ${boundTenant}`;
  const within = Prisma.sql`m.account_id = ${accountId}::uuid ${ofTenant}`;
  const [row] = await db.$queryRaw<{ total: bigint; remaining: bigint }[]>`
    SELECT (SELECT count(*) FROM memories m WHERE ${within}) AS total,
           (SELECT count(*) FROM memories m WHERE ${within} AND ${outsideModel(model)}) AS remaining`;
  return { total: Number(row?.total ?? 0), remaining: Number(row?.remaining ?? 0) };
}

/** The right to re-embed, which one server at a time has. */
export interface Claim {
  /** False once the connection that it hung on is gone: then another server may have it. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** An advisory lock of ours. */
const CLAIM_LOCK = 72_707_372;
const ANSWER_MS = 10_000;

/**
 * Claims the re-embedding of a database; null while another server has it. Held by a session of its own rather than by a
 * transaction or by rows: what is asked of the model meanwhile may take minutes, and a server that dies lets go at once.
 */
export async function claimReEmbedding(config: DatabaseConfig): Promise<Claim | null> {
  // An embedded database has one server.
  if (config.kind === 'embedded') return { isHeld: () => Promise.resolve(true), release: () => Promise.resolve() };
  const client = new pg.Client({
    connectionString: config.url,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  client.on('error', () => undefined); // found out by the next look whether it is held
  const release = (): Promise<void> => client.end().catch(() => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ isHeld: boolean }>('SELECT pg_try_advisory_lock($1) AS "isHeld"', [
      CLAIM_LOCK,
    ]);
    if (rows[0]?.isHeld) {
      const isHeld = (): Promise<boolean> =>
        client.query('SELECT 1').then(
          () => true,
          () => false,
        );
      return { isHeld, release };
    }
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return null;
}
