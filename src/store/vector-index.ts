import { createHash } from 'node:crypto';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from './client.js';

/** A vector space, as rows name it. */
export interface VectorSpace {
  /** The embedder's id: rows hold it as their embedding_model. */
  id: string;
  dimensions: number;
}

/** What pgvector's index takes: whole vectors up to here, halves of their precision up to there, none beyond. */
const MOST_WHOLE = 2_000;
const MOST_HALVED = 4_000;
/** What a column of vectors takes at all. */
const MOST_STORED = 16_000;

/** An index over a large table takes its time, and a start that gave up half way would give up each time. */
const BUILD_MS = 3_600_000;
/** An advisory lock of ours: of nodes that start together one makes the indexes. */
const INDEX_LOCK = 72_707_371;

const typeOf = (dimensions: number): string =>
  `${dimensions > MOST_WHOLE && dimensions <= MOST_HALVED ? 'halfvec' : 'vector'}(${dimensions})`;

/**
 * The embedding of `memories m` in the form that the index of its model holds. Compared with a vector as it is: pgvector
 * halves that by itself where the index is of halves. Only for rows of that model: others are of another length.
 */
export const indexedVector = (dimensions: number): Prisma.Sql =>
  Prisma.sql`(m.embedding::${Prisma.raw(typeOf(dimensions))})`;

/** That `memories m` is of a model. Written out: PostgreSQL must see that the partial index of this model holds all that is asked for. */
export const inModel = (id: string): Prisma.Sql => Prisma.sql`m.embedding_model = ${Prisma.raw(quoted(id))}`;

/** That `memories m` is in the vector index of a model, or would be if it were held current. */
export const isNearIndexed = (id: string): Prisma.Sql => Prisma.sql`${inModel(id)} AND m.near_indexed`;

/**
 * That `memories m` is of a model and of a tenant, and not in the model's index. By the expression that the list of such rows
 * is kept by: see the migration that makes it.
 */
export const isPending = (id: string, tenantId: string): Prisma.Sql =>
  Prisma.sql`${inModel(id)} AND NOT m.near_indexed AND (CASE WHEN m.near_indexed THEN NULL ELSE m.tenant_id END) = ${tenantId}`;

/** That `memories m` is of another model than this one; written out for the same reason. */
export const outsideModel = (id: string): Prisma.Sql => Prisma.sql`m.embedding_model <> ${Prisma.raw(quoted(id))}`;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const hashed = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 12);
const nearIndex = (id: string): string => `memories_near_${hashed(id)}`;
const OUTDATED = 'memories_outdated_';
const outdatedIndex = (id: string): string => `${OUTDATED}${hashed(id)}`;

/**
 * Makes what one embedding model needs, unless it is there: the index by which its current memories are found (of each
 * model its own: vectors of two models have different lengths and no common meaning), and the list of rows that are not of
 * it. The youngest such list is that of the model that a server was last started with: it says which way rows are changed.
 * @throws Error when the model's vectors can not be stored
 */
export async function ensureVectorIndex(db: Db, model: VectorSpace): Promise<void> {
  if (model.dimensions > MOST_STORED)
    throw new Error(
      `The embedding model gives vectors of ${model.dimensions} dimensions; PostgreSQL stores up to ${MOST_STORED}.`,
    );
  const isIndexed = model.dimensions <= MOST_HALVED;
  const own = outdatedIndex(model.id);
  const [found] = await db.$queryRaw<{ isThere: boolean }[]>`
    SELECT to_regclass(${nearIndex(model.id)}) IS NOT NULL AS "isThere"`;
  const lists = await readLists(db);
  const isNewest = lists[0] === own;
  // One of an earlier change: it has to be the youngest again.
  if (!isNewest && lists.includes(own)) await dropList(db, own);
  if (!isNewest || (isIndexed && !found?.isThere)) await create(db, model, isIndexed);
  // Apart from the above: to ask for a stronger lock than one holds is how to meet a writer in a deadlock.
  for (const list of lists) if (list !== own) await dropList(db, list);
}

const create = (db: Db, model: VectorSpace, isIndexed: boolean): Promise<void> =>
  db.$transaction(
    async (tx) => {
      // "if not exists" alone fails when two look at once.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${INDEX_LOCK})`;
      if (isIndexed) await tx.$executeRawUnsafe(createNear(model));
      await tx.$executeRawUnsafe(createOutdated(model.id));
    },
    { timeout: BUILD_MS, maxWait: BUILD_MS },
  );

const createNear = ({ id, dimensions }: VectorSpace): string =>
  `CREATE INDEX IF NOT EXISTS ${nearIndex(id)} ON memories
   USING hnsw ((embedding::${typeOf(dimensions)}) ${dimensions > MOST_WHOLE ? 'halfvec' : 'vector'}_cosine_ops)
   WITH (m = 16, ef_construction = 128) WHERE known_to IS NULL AND near_indexed AND embedding_model = ${quoted(id)}`;

/** In the order in which they are changed, read backwards. Empty most of the time, so that a look at it costs nothing. */
const createOutdated = (id: string): string =>
  `CREATE INDEX IF NOT EXISTS ${outdatedIndex(id)} ON memories ((known_to IS NULL), known_from, account_id)
   WHERE embedding_model <> ${quoted(id)}`;

/** The lists of rows that are not of a model, the youngest first. */
async function readLists(db: Db): Promise<string[]> {
  const lists = await db.$queryRaw<{ name: string }[]>`
    SELECT c.relname::text AS name FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE i.indrelid = 'memories'::regclass AND starts_with(c.relname, ${OUTDATED}) ORDER BY c.oid DESC`;
  return lists.map(({ name }) => name);
}

/** Every row that is written would go into the list of a model that is no longer used. */
const dropList = (db: Db, name: string): Promise<number> => db.$executeRawUnsafe(`DROP INDEX IF EXISTS ${name}`);

/** Whether this is the model that a server was last started with. */
export const isNewestModel = async (db: Db, id: string): Promise<boolean> =>
  (await readLists(db))[0] === outdatedIndex(id);
