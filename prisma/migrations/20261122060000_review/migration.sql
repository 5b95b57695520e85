-- Supersessions that a person is to decide: the classifier was not sure enough, and nothing was closed.
CREATE TABLE supersession_proposals (
  account_id     uuid NOT NULL,
  id             uuid NOT NULL,
  tenant_id      text NOT NULL,
  -- Sequence number of its PROPOSED event: the order of lists.
  seq            bigint NOT NULL,
  old_id         uuid NOT NULL,
  new_id         uuid NOT NULL,
  category       text NOT NULL,
  confidence     double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  reason         text NOT NULL,
  provider       text NOT NULL,
  model          text NOT NULL,
  prompt_version text NOT NULL,
  decision       text CHECK (decision IN ('APPROVED', 'REJECTED')),
  created_at     timestamptz(3) NOT NULL,
  reviewed_at    timestamptz(3),
  reviewed_by_id uuid,
  review_reason  text,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, old_id) REFERENCES memories (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  FOREIGN KEY (account_id, new_id) REFERENCES memories (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  FOREIGN KEY (account_id, reviewed_by_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CHECK (old_id <> new_id),
  CHECK ((decision IS NULL) = (reviewed_at IS NULL) AND (decision IS NULL) = (reviewed_by_id IS NULL))
);
CREATE INDEX supersession_proposals_list_idx ON supersession_proposals (account_id, tenant_id, seq DESC);
CREATE INDEX supersession_proposals_old_idx ON supersession_proposals (account_id, old_id);
CREATE INDEX supersession_proposals_new_idx ON supersession_proposals (account_id, new_id);

ALTER TABLE memory_events DROP CONSTRAINT memory_events_kind_check;
ALTER TABLE memory_events ADD CONSTRAINT memory_events_kind_check
  CHECK (kind IN ('CREATED', 'SUPERSEDED', 'EXPIRED', 'RETRACTED', 'REVERTED', 'CLASSIFIED', 'PROPOSED', 'REVIEWED', 'DELETED'));

-- What an API key had models do, summed by month.
CREATE TABLE token_usage (
  account_id    uuid NOT NULL,
  api_key_id    uuid NOT NULL,
  period_start  timestamptz(3) NOT NULL,
  purpose       text NOT NULL CHECK (purpose IN ('EXTRACTION', 'CLASSIFICATION', 'ANSWER')),
  provider      text NOT NULL,
  model         text NOT NULL,
  is_byo_llm    boolean NOT NULL,
  calls         bigint NOT NULL,
  input_tokens  bigint NOT NULL,
  output_tokens bigint NOT NULL,
  PRIMARY KEY (account_id, api_key_id, period_start, purpose, provider, model, is_byo_llm),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION
);

-- Sentences of answers, as hashes: what the server said itself must not come back as a fact that somebody told it.
CREATE TABLE answer_sentences (
  account_id  uuid NOT NULL REFERENCES accounts (id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  tenant_id   text NOT NULL,
  hash        bytea NOT NULL,
  answered_at timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, tenant_id, hash)
);
-- The same question about stored memories: is this line the text of one?
CREATE INDEX memories_text_idx ON memories (account_id, tenant_id, md5(lower(btrim(text, E' \t\n\r.!'))));
