-- How many requests an API key has made in its current window, over all servers. Worth nothing after a minute: not logged.
CREATE UNLOGGED TABLE rate_windows (
  account_id uuid NOT NULL,
  api_key_id uuid NOT NULL,
  requests   bigint NOT NULL,
  ends_at    timestamptz(3) NOT NULL,
  PRIMARY KEY (account_id, api_key_id),
  FOREIGN KEY (account_id, api_key_id) REFERENCES api_keys (account_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION
);
