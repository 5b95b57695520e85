-- The rows of a tenant that are not in the vector index. By an expression, of which statistics are kept for these rows alone: by the
-- column PostgreSQL would take it that of a large tenant, of which nearly all are in the index, as many are not as of all others, and
-- read it whole.
DROP INDEX memories_pending_idx;
CREATE INDEX memories_pending_idx ON memories (account_id, (CASE WHEN near_indexed THEN NULL ELSE tenant_id END))
  WHERE NOT near_indexed AND known_to IS NULL;
