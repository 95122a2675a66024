-- Accounts get the uuid that webhooks call user_id; keys a public id, a label, an end.
-- Those that are there already: random UUIDs of version 4. expires_us, revoked_us: NULL is never.
ALTER TABLE account ADD COLUMN uuid TEXT NOT NULL DEFAULT '';
UPDATE account SET uuid = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' ||
    substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
CREATE UNIQUE INDEX account_uuid ON account(uuid);

ALTER TABLE api_key ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN expires_us INTEGER;
ALTER TABLE api_key ADD COLUMN revoked_us INTEGER;
UPDATE api_key SET id = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' ||
    substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
CREATE UNIQUE INDEX api_key_id ON api_key(id);
