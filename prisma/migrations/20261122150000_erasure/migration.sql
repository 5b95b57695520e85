-- What remains of a person, a tenant or a session that was erased: when, how much, and a hash. No text, and no name.
CREATE TABLE erasure_certificates (
  account_id   uuid NOT NULL REFERENCES accounts (id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  id           uuid NOT NULL,
  -- Sequence number of its last DELETED event: the order of lists.
  seq          bigint NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind IN ('TENANT', 'SESSION')),
  -- scrypt of the subject's name, salted with the account: whoever knows the name can find its certificate, nobody reads it here.
  subject_hash bytea NOT NULL CHECK (octet_length(subject_hash) = 32),
  -- How many rows of each kind are gone.
  counts       jsonb NOT NULL,
  -- The key that asked for it; null for an operator.
  api_key_id   uuid,
  -- SHA-256 of the certificate's document.
  hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
  erased_at    timestamptz(3) NOT NULL,
  -- Since when the database's files hold nothing of it either.
  cleared_at   timestamptz(3),
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION
);
CREATE UNIQUE INDEX erasure_certificates_list_idx ON erasure_certificates (account_id, seq DESC);
CREATE INDEX erasure_certificates_subject_idx ON erasure_certificates (account_id, subject_hash);
