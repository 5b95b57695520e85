-- Bulk imports: how far each has come. A batch of memories and its progress here are written in one transaction.
CREATE TABLE imports (
  account_id   uuid NOT NULL,
  id           uuid NOT NULL,
  api_key_id   uuid NOT NULL,
  -- The caller's name for it; where there was none, its id.
  key          text NOT NULL,
  -- SHA-256 of what is imported, and as what.
  content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
  -- The request that works on it: an older one stops when it finds another here.
  runner       uuid NOT NULL,
  state        text NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'FAILED')),
  -- Code of the error that ended it.
  failure      text,
  rows_total   integer NOT NULL CHECK (rows_total >= 0),
  rows_done    integer NOT NULL DEFAULT 0,
  stored       integer NOT NULL DEFAULT 0 CHECK (stored >= 0),
  duplicates   integer NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
  rejected     integer NOT NULL DEFAULT 0 CHECK (rejected >= 0),
  created_at   timestamptz(3) NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CHECK (rows_done <= rows_total AND rows_done = stored + duplicates + rejected),
  CHECK ((state = 'DONE') = (rows_done = rows_total)),
  CHECK ((state = 'FAILED') = (failure IS NOT NULL))
);
CREATE UNIQUE INDEX imports_key_key ON imports (account_id, key);
