-- The messages before and after one in its session: what stands beside a good match is often what was asked for.
CREATE INDEX memories_session_idx ON memories (account_id, tenant_id, session_id, created_seq) WHERE session_id IS NOT NULL;

-- No statistics on these expressions: they are looked up by equality alone, and reading samples of long texts made planning the dearest
-- part of a write.
ALTER INDEX memories_fingerprint_idx ALTER COLUMN 5 SET STATISTICS 0;
ALTER INDEX memories_text_idx ALTER COLUMN 3 SET STATISTICS 0;
