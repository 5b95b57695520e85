-- Most memories have no successor: an entry of NULL for each costs a write and finds nothing.
DROP INDEX memories_superseded_by_idx;
CREATE INDEX memories_superseded_by_idx ON memories (account_id, superseded_by_id) WHERE superseded_by_id IS NOT NULL;
