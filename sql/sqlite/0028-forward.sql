-- Received faxes that go on to a command or a URL of their application.
-- kind: command, url. state: pending, done, failed. due_us: when a pending one is tried next.
CREATE TABLE forward (
    fax        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    target     TEXT NOT NULL,
    state      TEXT NOT NULL DEFAULT 'pending',
    attempt    INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    due_us     INTEGER NOT NULL,
    note       TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (fax, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX forward_due ON forward(due_us) WHERE state = 'pending';
