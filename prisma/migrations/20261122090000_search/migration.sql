-- False: not in the vector index yet, where a row costs several times as much as everywhere else. Bulk imports leave that to later;
-- until then searches compare these rows one by one.
ALTER TABLE memories ADD COLUMN near_indexed boolean NOT NULL DEFAULT true;
CREATE INDEX memories_pending_idx ON memories (account_id, tenant_id, known_from DESC) WHERE NOT near_indexed AND known_to IS NULL;
-- The vector indexes are of rows with that mark alone now: the server makes them anew when it starts.
DO $$
DECLARE outworn text;
BEGIN
  FOR outworn IN SELECT c.oid::regclass::text FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
    WHERE i.indrelid = 'memories'::regclass AND starts_with(c.relname, 'memories_near_')
  LOOP
    EXECUTE 'DROP INDEX ' || outworn;
  END LOOP;
END $$;

-- A search in one topic of a large tenant. The topic leads: led by the tenant, and without statistics, it would be taken for the
-- look-up of repeated facts, which would then read all memories of the tenant for each.
CREATE INDEX memories_topic_idx ON memories (topic, account_id, tenant_id) WHERE known_to IS NULL;
-- What was written lately waits in a list that every search by words reads from end to end: by default 4 MB of it, more than the search.
ALTER INDEX memories_lexemes_idx SET (gin_pending_list_limit = 128);
SELECT gin_clean_pending_list('memories_lexemes_idx');
