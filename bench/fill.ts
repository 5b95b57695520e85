// Facts of a real data set in a server's tables, put there in bulk: for benches that measure reading.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { toSql } from 'pgvector';
import type { Deps } from '../src/core/deps.js';

export interface Fact {
  text: string;
  /** The person that it is about; of the world none. */
  person: string | undefined;
}

/** By whom tenants are: one a person with the world's facts in one more, or everything in one. */
export type Layout = 'by person' | 'one tenant';

/** The tenant of the world's facts, and of everything in the layout of one tenant. */
export const WORLD = 'world';

/** Shares of the rows that a filter by source leaves, in percent. */
export const SHARES = { one: 1, five: 5, half: 50 } as const;

/** `load/` of the evaluation data: personal facts, then facts about the world. @throws Error when it is not there */
export function readFacts(folder: string): Fact[] {
  const lines = (name: string): { tenant?: string; fact: string }[] => {
    const file = path.join(folder, name);
    if (!existsSync(file)) throw new Error(`There is no ${name} in --data.`);
    const rows = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return rows.map((line) => JSON.parse(line) as { tenant?: string; fact: string });
  };
  return ['msc_persona_facts.jsonl', 'trex_facts.jsonl'].flatMap((name) =>
    lines(name).map(({ tenant, fact }) => ({ text: fact, person: tenant })),
  );
}

/** Every n-th of the facts so that `count` are left, in their order: of persons and of the world alike. */
export const sampled = (facts: readonly Fact[], count: number): Fact[] =>
  count >= facts.length
    ? [...facts]
    : Array.from({ length: count }, (_, i) => facts[Math.floor((i * facts.length) / count)]).filter(
        (fact) => fact !== undefined,
      );

export const tenantOf = ({ person }: Fact, layout: Layout): string =>
  layout === 'one tenant' || person === undefined ? WORLD : person;

/** Of one statement: searches wait for it where the database has one session. */
const BATCH = 100;
const START = Date.UTC(2026, 0, 1);

export interface FillOptions {
  /** How many facts were stored before. */
  first?: number;
  /** Puts the world's into the vector index, where the background would come to put them; those of persons are too few each. */
  isIndexed?: boolean;
  /** Called with the number of rows and the milliseconds that a batch took in the database. */
  onBatch?: (rows: number, ms: number) => Promise<void> | void;
}

/**
 * Stores facts as content writes would leave them (without their events), a minute apart, the n-th with sequence number
 * n + 1.
 */
export async function fill(
  { db, embedder }: Pick<Deps, 'db' | 'embedder'>,
  owner: { accountId: string; apiKeyId: string },
  facts: readonly Fact[],
  layout: Layout,
  { first = 0, isIndexed = false, onBatch }: FillOptions = {},
): Promise<void> {
  for (let from = 0; from < facts.length; from += BATCH) {
    const batch = facts.slice(from, from + BATCH);
    const vectors = await embedder.embed(batch.map(({ text }) => text));
    const rows = batch.map((fact, i) => ({
      n: first + from + i + 1,
      tenant: tenantOf(fact, layout),
      text: fact.text,
      topic: fact.person === undefined ? 'World' : 'Personal',
      session: fact.person ?? null,
      source: sourceOf(first + from + i),
      embedding: toSql([...(vectors[i] ?? [])]) as string,
    }));
    const began = performance.now();
    await insert(db, owner, { model: embedder.id, isIndexed }, rows);
    await onBatch?.(batch.length, performance.now() - began);
  }
}

function sourceOf(n: number): string {
  const place = (n * 7919) % 100;
  if (place < SHARES.one) return 'one';
  if (place < SHARES.one + SHARES.five) return 'five';
  return place < SHARES.one + SHARES.five + SHARES.half ? 'half' : 'rest';
}

async function insert(
  db: Deps['db'],
  { accountId, apiKeyId }: { accountId: string; apiKeyId: string },
  { model, isIndexed }: { model: string; isIndexed: boolean },
  rows: readonly object[],
): Promise<void> {
  await db.$executeRaw`
    WITH new AS MATERIALIZED (
      SELECT *, md5(${accountId} || 'memory ' || n)::uuid AS id, md5(${accountId} || 'chain ' || n)::uuid AS chain_id,
        md5(${accountId} || 'capture ' || n)::uuid AS capture_id,
        ${new Date(START)}::timestamptz + n * interval '1 minute' AS at
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
        n bigint, tenant text, text text, topic text, session text, source text, embedding text)
    ), new_chains AS (
      INSERT INTO chains (account_id, id, tenant_id, created_at)
      SELECT ${accountId}::uuid, chain_id, tenant, at FROM new
    ), new_captures AS (
      INSERT INTO captures (account_id, id, tenant_id, api_key_id, source, channel, session_id, captured_at)
      SELECT ${accountId}::uuid, capture_id, tenant, ${apiKeyId}::uuid, source, 'agent', session, at FROM new
    ), counted AS (
      UPDATE accounts SET last_seq = (SELECT max(n) FROM new) WHERE id = ${accountId}::uuid
    )
    INSERT INTO memories (account_id, id, chain_id, capture_id, tenant_id, text, topic, importance, source, channel,
      session_id, created_seq, valid_from, known_from, believed_from, embedding_model, embedding, near_indexed)
    SELECT ${accountId}::uuid, id, chain_id, capture_id, tenant, text, topic, 5, source, 'agent', session, n, at, at, at,
      ${model}, embedding::vector, ${isIndexed} AND tenant = ${WORLD}
    FROM new ORDER BY n`;
}
