// What must hold of the tables whatever happened to servers and databases: the promises of docs/ARCHITECTURE.md as SQL.

/** Runs SQL past the server, and gives its rows. */
export type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

/** Each gives one row for every breach; none when the promise holds. */
const BREACHES: Readonly<Record<string, string>> = {
  'a chain has two current versions': `
    SELECT chain_id FROM memories WHERE known_to IS NULL GROUP BY account_id, chain_id HAVING count(*) > 1`,
  'windows of a chain overlap': `
    SELECT a.id, b.id AS other FROM memories a JOIN memories b USING (account_id, chain_id)
    WHERE a.id < b.id AND a.retracted_at IS NULL AND b.retracted_at IS NULL
      AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`,
  'sequence numbers have a gap, or end elsewhere than the account says': `
    SELECT a.id, a.last_seq, count(e.seq), max(e.seq) FROM accounts a LEFT JOIN memory_events e ON e.account_id = a.id
    GROUP BY a.id HAVING count(e.seq) <> a.last_seq OR coalesce(max(e.seq), 0) <> a.last_seq`,
  'transaction times do not rise with sequence numbers': `
    SELECT seq FROM (SELECT seq, created_at, lag(created_at) OVER (PARTITION BY account_id ORDER BY seq) AS before
                     FROM memory_events) e WHERE created_at < before`,
  'the quota counts other than what is stored': `
    SELECT a.id, a.writes_used, count(m.id) FROM accounts a LEFT JOIN memories m ON m.account_id = a.id
    GROUP BY a.id HAVING a.writes_used <> count(m.id)`,
  'a memory was not created by exactly one event, at its place': `
    SELECT m.id FROM memories m LEFT JOIN memory_events e
      ON e.account_id = m.account_id AND e.memory_id = m.id AND e.kind = 'CREATED'
    GROUP BY m.account_id, m.id HAVING count(e.seq) <> 1 OR max(e.seq) <> m.created_seq`,
  'a memory that was replaced has no event of it': `
    SELECT m.id FROM memories m WHERE m.superseded_by_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM memory_events e WHERE e.account_id = m.account_id AND e.kind = 'SUPERSEDED' AND e.before_id = m.id)`,
  'a version is followed by one of another chain': `
    SELECT m.id FROM memories m JOIN memories n ON n.account_id = m.account_id AND n.id = m.superseded_by_id
    WHERE n.chain_id <> m.chain_id`,
  'earlier beliefs overlap, or reach past the newest': `
    SELECT b.memory_id FROM memory_beliefs b JOIN memories m ON m.account_id = b.account_id AND m.id = b.memory_id
    WHERE b.known_to > m.believed_from OR EXISTS (
      SELECT FROM memory_beliefs c WHERE c.account_id = b.account_id AND c.memory_id = b.memory_id
        AND c.known_from > b.known_from AND c.known_from < b.known_to)`,
  'a capture stands without a memory': `
    SELECT c.id FROM captures c WHERE c.messages IS NULL AND NOT EXISTS (
      SELECT FROM memories m WHERE m.account_id = c.account_id AND m.capture_id = c.id)`,
  'one request was stored twice': `
    SELECT text FROM memories GROUP BY account_id, tenant_id, text HAVING count(*) > 1`,
  'a memory is not found by its words': `
    SELECT id FROM memories WHERE NOT lexemes @@ plainto_tsquery('english', text)`,
};

/**
 * The vector index against the vectors themselves: each of the newest that it should hold is looked for by its own vector,
 * through the index. Memories that wait for it are another matter.
 */
async function findMissingVectors(query: Query): Promise<string[]> {
  const [index] = await query("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'memories\\_near\\_%'");
  const [, vector, held] =
    /USING hnsw \(\((.+?)\) vector_cosine_ops\).*? WHERE \((.+)\)$/.exec(String(index?.['indexdef'])) ?? [];
  if (vector === undefined || held === undefined) return [`no vector index: ${JSON.stringify(index)}`];
  for (const name of ['seqscan', 'sort', 'bitmapscan']) await query(`SET enable_${name} = off`);
  const rows = await query(`
    SELECT m.id FROM (SELECT id, ${vector} AS vector FROM memories WHERE ${held} ORDER BY created_seq DESC LIMIT 50) m
    WHERE (SELECT ${vector} <=> m.vector FROM memories WHERE ${held} ORDER BY ${vector} <=> m.vector LIMIT 1) > 1e-6`);
  for (const name of ['seqscan', 'sort', 'bitmapscan']) await query(`RESET enable_${name}`);
  return rows.map(({ id }) => `the vector index does not find ${String(id)}`);
}

/** The breaches of all promises, in words; empty when all is well. */
export async function findBreaches(query: Query): Promise<string[]> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries(BREACHES)) {
    const rows = await query(sql);
    if (rows.length > 0) found.push(`${what}: ${rows.length}, such as ${JSON.stringify(rows[0], bigIntAsText)}`);
  }
  return [...found, ...(await findMissingVectors(query))];
}

const bigIntAsText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** Those of these memories that are not there. */
export async function findLost(query: Query, ids: Iterable<string>): Promise<string[]> {
  const stored = new Set((await query('SELECT id::text AS id FROM memories')).map(({ id }) => id));
  return [...ids].filter((id) => !stored.has(id));
}
