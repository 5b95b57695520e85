-- As for memories without a successor. A migration of its own: one that locks two tables may meet a writer, who holds the other, in a deadlock.
DROP INDEX memory_events_before_idx;
CREATE INDEX memory_events_before_idx ON memory_events (account_id, before_id) WHERE before_id IS NOT NULL;
