-- Every key leads with account_id, so that no relation can leave its account and a sharded PostgreSQL takes the schema as it is.
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE accounts (
  id            uuid PRIMARY KEY,
  name          text NOT NULL,
  plan_tier     text NOT NULL CHECK (plan_tier IN ('starter', 'pro')),
  plan_status   text NOT NULL DEFAULT 'active' CHECK (plan_status IN ('active', 'past_due', 'canceled')),
  writes_used   integer NOT NULL DEFAULT 0 CHECK (writes_used >= 0),
  period_start  timestamptz(3) NOT NULL,
  last_seq      bigint NOT NULL DEFAULT 0,
  last_known_at timestamptz(3) NOT NULL,
  created_at    timestamptz(3) NOT NULL
);

CREATE TABLE api_keys (
  account_id  uuid NOT NULL REFERENCES accounts (id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  id          uuid NOT NULL,
  public_id   text NOT NULL,
  name        text NOT NULL,
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  created_at  timestamptz(3) NOT NULL,
  revoked_at  timestamptz(3),
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX api_keys_public_id_key ON api_keys (public_id);

CREATE TABLE settings (
  account_id               uuid NOT NULL,
  api_key_id               uuid NOT NULL,
  auto_supersede_default   boolean NOT NULL DEFAULT false,
  excluded_categories      text[] DEFAULT ARRAY['health_medical', 'legal_status']::text[],
  min_confidence           double precision NOT NULL DEFAULT 0.85 CHECK (min_confidence BETWEEN 0 AND 1),
  classifier_model         text NOT NULL DEFAULT 'claude-haiku-4-5-20251001',
  freshness_half_life_days double precision NOT NULL DEFAULT 30 CHECK (freshness_half_life_days BETWEEN 1 AND 3650),
  PRIMARY KEY (account_id, api_key_id),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION
);

CREATE TABLE chains (
  account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  id         uuid NOT NULL,
  tenant_id  text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE captures (
  account_id     uuid NOT NULL,
  id             uuid NOT NULL,
  tenant_id      text NOT NULL,
  api_key_id     uuid NOT NULL,
  source         text NOT NULL,
  channel        text NOT NULL,
  session_id     text,
  messages       jsonb,
  provider       text,
  model          text,
  prompt_version text,
  is_byo_llm     boolean NOT NULL DEFAULT false,
  input_tokens   integer,
  output_tokens  integer,
  captured_at    timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION
);

CREATE TABLE memories (
  account_id       uuid NOT NULL,
  id               uuid NOT NULL,
  chain_id         uuid NOT NULL,
  capture_id       uuid NOT NULL,
  tenant_id        text NOT NULL,
  text             text NOT NULL,
  topic            text NOT NULL,
  importance       smallint NOT NULL CHECK (importance BETWEEN 1 AND 10),
  importance_word  text,
  source           text NOT NULL,
  channel          text NOT NULL,
  session_id       text,
  message_index    integer,
  span_start       integer,
  span_end         integer,
  created_seq      bigint NOT NULL,
  valid_from       timestamptz(3) NOT NULL,
  valid_to         timestamptz(3),
  known_from       timestamptz(3) NOT NULL,
  known_to         timestamptz(3),
  superseded_by_id uuid,
  retracted_at     timestamptz(3),
  believed_from    timestamptz(3) NOT NULL,
  embedding_model  text NOT NULL,
  embedding        vector NOT NULL,
  lexemes          tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, text)) STORED,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, chain_id) REFERENCES chains (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  FOREIGN KEY (account_id, capture_id) REFERENCES captures (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  -- Deferred: the old version is closed, pointing at its successor, before the successor is inserted (see one current version below).
  FOREIGN KEY (account_id, superseded_by_id) REFERENCES memories (account_id, id)
    ON DELETE NO ACTION ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED,
  CHECK (valid_to IS NULL OR valid_to >= valid_from),
  CHECK (known_to IS NULL OR known_to >= known_from),
  CHECK (believed_from >= known_from),
  -- What is no longer held current has an end in valid time; what was replaced or retracted is no longer held current.
  CHECK (known_to IS NULL OR valid_to IS NOT NULL),
  CHECK (superseded_by_id IS NULL OR known_to IS NOT NULL),
  CHECK (retracted_at IS NULL OR (known_to IS NOT NULL AND valid_to = valid_from)),
  CHECK ((span_start IS NULL) = (span_end IS NULL) AND (span_start IS NULL OR (message_index IS NOT NULL AND span_end > span_start)))
);
-- The database itself refuses a second current version in a chain.
CREATE UNIQUE INDEX memories_one_current_per_chain ON memories (account_id, chain_id) WHERE known_to IS NULL;
-- Tells "another account's" (403) from "no such memory" (404) without scanning every account.
CREATE INDEX memories_id_idx ON memories (id);
CREATE INDEX memories_chain_idx ON memories (account_id, chain_id, valid_from);
-- The order of lists; a list as known at T, or as valid at V, begins at T or V in it instead of walking down from today.
CREATE INDEX memories_list_idx ON memories (account_id, tenant_id, known_from DESC, created_seq DESC);
CREATE INDEX memories_current_idx ON memories (account_id, tenant_id, known_from DESC, created_seq DESC) WHERE known_to IS NULL;
CREATE INDEX memories_valid_idx ON memories (account_id, tenant_id, valid_from DESC, created_seq DESC);
CREATE INDEX memories_fingerprint_idx ON memories (account_id, tenant_id, source, channel, left(text, 100)) WHERE known_to IS NULL;
CREATE INDEX memories_superseded_by_idx ON memories (account_id, superseded_by_id);
CREATE INDEX memories_capture_idx ON memories (account_id, capture_id);
CREATE INDEX memories_lexemes_idx ON memories USING gin (lexemes);

-- What was believed of a memory's window before more was learned: the row above always holds the newest belief.
CREATE TABLE memory_beliefs (
  account_id       uuid NOT NULL,
  memory_id        uuid NOT NULL,
  known_from       timestamptz(3) NOT NULL,
  known_to         timestamptz(3) NOT NULL,
  valid_to         timestamptz(3),
  superseded_by_id uuid,
  PRIMARY KEY (account_id, memory_id, known_from),
  FOREIGN KEY (account_id, memory_id) REFERENCES memories (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CHECK (known_to > known_from)
);

CREATE TABLE memory_events (
  account_id uuid NOT NULL,
  seq        bigint NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('CREATED', 'SUPERSEDED', 'EXPIRED', 'RETRACTED', 'REVERTED', 'CLASSIFIED', 'PROPOSED', 'DELETED')),
  tenant_id  text NOT NULL,
  topic      text,
  source     text,
  memory_id  uuid,
  before_id  uuid,
  api_key_id uuid NOT NULL,
  verdict    text CHECK (verdict IN ('supersedes', 'refines', 'independent')),
  confidence double precision CHECK (confidence BETWEEN 0 AND 1),
  reason     text,
  model      text,
  details    jsonb,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, seq),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  FOREIGN KEY (account_id, memory_id) REFERENCES memories (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  FOREIGN KEY (account_id, before_id) REFERENCES memories (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE INDEX memory_events_time_idx ON memory_events (account_id, tenant_id, created_at);
CREATE INDEX memory_events_memory_idx ON memory_events (account_id, memory_id);
CREATE INDEX memory_events_before_idx ON memory_events (account_id, before_id);

-- Replies by idempotency key. Ids and decisions only: a replay reads the texts from the memories.
CREATE TABLE idempotency_keys (
  account_id   uuid NOT NULL REFERENCES accounts (id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  key          text NOT NULL,
  tenant_id    text NOT NULL,
  request_hash text NOT NULL,
  -- Null while the first request with this key is still running.
  reply        jsonb,
  created_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, key)
);
