-- Received faxes that go on by e-mail.
-- state: pending, delivered, failed. due_us: when a pending one is tried next.
CREATE TABLE mail (
    fax        TEXT PRIMARY KEY,
    recipient  TEXT NOT NULL,
    state      TEXT NOT NULL DEFAULT 'pending',
    attempt    INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    due_us     INTEGER NOT NULL,
    note       TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_due ON mail(due_us) WHERE state = 'pending';
