-- What a key may do, for which tenant, until when, and which secret it had before.
ALTER TABLE api_keys
  -- Keys that were made before go on with all that they did; keys and accounts are administered by keys that say so.
  ADD COLUMN scopes text[] NOT NULL
    DEFAULT ARRAY['memories:read', 'memories:write', 'query', 'settings', 'review', 'schema:read']::text[],
  -- The one tenant that it knows of, empty for the default one; null: any.
  ADD COLUMN bound_tenant text,
  ADD COLUMN expires_at timestamptz(3),
  -- After a rotation the secret before is accepted for a while.
  ADD COLUMN previous_secret_hash bytea,
  ADD COLUMN previous_until timestamptz(3),
  -- To the minute.
  ADD COLUMN last_used_at timestamptz(3),
  ADD CONSTRAINT api_keys_scopes_check CHECK (scopes <@ ARRAY[
    'memories:read', 'memories:write', 'query', 'settings', 'review', 'keys', 'admin', 'schema:read']::text[]),
  -- Accounts have no tenant.
  ADD CONSTRAINT api_keys_admin_check CHECK (bound_tenant IS NULL OR NOT 'admin' = ANY (scopes)),
  ADD CONSTRAINT api_keys_previous_check CHECK (
    (previous_secret_hash IS NULL) = (previous_until IS NULL) AND octet_length(previous_secret_hash) = 32);
CREATE INDEX api_keys_list_idx ON api_keys (account_id, created_at, id);

-- An import by a key that knows one tenant alone holds rows of that tenant alone; null: of any.
ALTER TABLE imports ADD COLUMN bound_tenant text;
