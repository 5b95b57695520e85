import type { Db } from './client.js';
import type { Scope } from './listing.js';

/** How long an answer's words are recognised. */
const REMEMBERED_DAYS = 90;

/** Remembers sentences of an answer by their hashes, and forgets old ones. */
export async function rememberSentences(
  db: Db,
  { accountId, tenantId }: Scope,
  hashes: readonly string[],
  now: Date,
): Promise<void> {
  await db.$executeRaw`
    WITH forgotten AS (
      DELETE FROM answer_sentences WHERE account_id = ${accountId}::uuid AND tenant_id = ${tenantId}
        AND answered_at < ${now}::timestamptz - make_interval(days => ${REMEMBERED_DAYS})
    )
    INSERT INTO answer_sentences (account_id, tenant_id, hash, answered_at)
    SELECT DISTINCT ${accountId}::uuid, ${tenantId}, decode(hash, 'hex'), ${now}::timestamptz
    FROM unnest(${[...hashes]}::text[]) AS hash
    ON CONFLICT (account_id, tenant_id, hash) DO UPDATE SET answered_at = excluded.answered_at`;
}

export interface Line {
  text: string;
  hash: string;
  /** A person may say again what once held: then only the texts of current memories count. */
  isOfPerson: boolean;
}

/** Which of these lines the server said itself: texts of stored memories, and sentences of its answers. Gives their places. */
export async function findOwnWords(
  db: Db,
  { accountId, tenantId }: Scope,
  lines: readonly Line[],
): Promise<Set<number>> {
  const rows = await db.$queryRaw<{ place: bigint }[]>`
    -- Worked out once for each line: compared with each memory of a small tenant, a long one would be hashed again each time.
    WITH line AS MATERIALIZED (
      SELECT place, is_of_person, md5(lower(btrim(text, E' \\t\\n\\r.!'))) AS digest, decode(hash, 'hex') AS hash
      FROM unnest(${lines.map(({ text }) => text)}::text[], ${lines.map(({ hash }) => hash)}::text[],
                  ${lines.map(({ isOfPerson }) => isOfPerson)}::boolean[])
        WITH ORDINALITY AS given (text, hash, is_of_person, place)
    )
    SELECT place FROM line WHERE EXISTS (
      SELECT 1 FROM memories m WHERE m.account_id = ${accountId}::uuid AND m.tenant_id = ${tenantId}
        AND md5(lower(btrim(m.text, E' \\t\\n\\r.!'))) = line.digest AND (m.known_to IS NULL OR NOT line.is_of_person))
      OR EXISTS (
      SELECT 1 FROM answer_sentences a WHERE a.account_id = ${accountId}::uuid AND a.tenant_id = ${tenantId}
        AND a.hash = line.hash)`;
  return new Set(rows.map(({ place }) => Number(place) - 1));
}
