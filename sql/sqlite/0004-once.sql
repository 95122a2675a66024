-- What was asked with an Idempotency-Key or a command_id, and what was answered: written together
-- with what it made, so that neither is there without the other.
CREATE TABLE once (
    id             INTEGER PRIMARY KEY,
    account        INTEGER NOT NULL REFERENCES account(id),
    scope          TEXT NOT NULL,
    key            TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status         INTEGER NOT NULL,
    answer         TEXT NOT NULL,
    expires_us     INTEGER NOT NULL,
    UNIQUE (account, scope, key)
) STRICT;
CREATE INDEX once_expiry ON once(expires_us);

-- Outbound faxes on their way, for the limit of an account.
CREATE INDEX fax_in_process ON fax(account, status)
    WHERE status IN ('queued', 'media.processed', 'originated', 'sending');
