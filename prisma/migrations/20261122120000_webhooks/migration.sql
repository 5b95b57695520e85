-- Where events are sent to by HTTP. The position moves in the transaction that queues what was matched.
CREATE TABLE webhooks (
  account_id      uuid NOT NULL,
  id              uuid NOT NULL,
  -- Whose rights it reads with; it ends with the key.
  api_key_id      uuid NOT NULL,
  name            text NOT NULL,
  url             text NOT NULL,
  document        text NOT NULL,
  -- Signs by HMAC: the receiver has the same, so a hash would not do.
  secret          bytea NOT NULL,
  previous_secret bytea,
  -- Until when messages are signed with the previous secret too.
  previous_until  timestamptz(3),
  state           text NOT NULL CHECK (state IN ('ACTIVE', 'PAUSED', 'DISABLED')),
  disabled_reason text,
  -- Everything up to this event was looked at.
  cursor          bigint NOT NULL CHECK (cursor >= 0),
  -- Rises with every change of what is followed, so that nodes notice.
  version         integer NOT NULL DEFAULT 1,
  created_at      timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION,
  CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
  CHECK ((state = 'DISABLED') = (disabled_reason IS NOT NULL))
);
CREATE INDEX webhooks_active_idx ON webhooks (state);

-- One message to one receiver, and how its delivery went. Holds no payload: that is made from the event at each try.
CREATE TABLE webhook_deliveries (
  account_id      uuid NOT NULL,
  webhook_id      uuid NOT NULL,
  seq             bigint NOT NULL,
  state           text NOT NULL CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED', 'SKIPPED')),
  attempts        integer NOT NULL DEFAULT 0,
  response_status integer,
  error           text,
  duration_ms     integer,
  created_at      timestamptz(3) NOT NULL,
  attempted_at    timestamptz(3),
  PRIMARY KEY (account_id, webhook_id, seq),
  FOREIGN KEY (account_id, webhook_id) REFERENCES webhooks (account_id, id) ON DELETE CASCADE ON UPDATE NO ACTION
);
