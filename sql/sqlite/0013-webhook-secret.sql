-- The secret of an application that its webhooks are signed with besides ("whsec_…"), and the one
-- before, which signs too until then. Empty: none.
ALTER TABLE application ADD COLUMN webhook_secret TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN webhook_secret_before TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN webhook_secret_until_us INTEGER NOT NULL DEFAULT 0;
