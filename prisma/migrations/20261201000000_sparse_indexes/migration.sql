-- Most memories have no successor, and most events no memory before them: an entry of NULL for each costs a write and finds nothing.
DROP INDEX memories_superseded_by_idx;
CREATE INDEX memories_superseded_by_idx ON memories (account_id, superseded_by_id) WHERE superseded_by_id IS NOT NULL;
DROP INDEX memory_events_before_idx;
CREATE INDEX memory_events_before_idx ON memory_events (account_id, before_id) WHERE before_id IS NOT NULL;
