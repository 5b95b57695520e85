-- Since when an account's quota is used up: its grace period is counted from there.
ALTER TABLE accounts ADD COLUMN used_up_at timestamptz(3);
