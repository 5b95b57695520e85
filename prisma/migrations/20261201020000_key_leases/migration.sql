-- Whoever runs a request with an Idempotency-Key says so every few seconds, so that its key is free again soon after its server
-- died. Null in rows of earlier versions, which say nothing: of those created_at decides, as it did.
ALTER TABLE idempotency_keys ADD COLUMN runner uuid, ADD COLUMN leased_until timestamptz(3);
