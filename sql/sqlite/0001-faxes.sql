-- Times are microseconds since 1970 (UTC). Texts of closed lists are checked by the program.
CREATE TABLE account (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
    sha256     TEXT PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES account(id),
    created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE application (
    id                   TEXT PRIMARY KEY,
    account              INTEGER NOT NULL REFERENCES account(id),
    name                 TEXT NOT NULL,
    active               INTEGER NOT NULL,
    webhook_url          TEXT NOT NULL,
    webhook_failover_url TEXT NOT NULL,
    webhook_timeout_secs INTEGER NOT NULL,
    settings             TEXT,
    created_us           INTEGER NOT NULL,
    updated_us           INTEGER NOT NULL
) STRICT;
CREATE INDEX application_newest ON application(account, created_us, id);

CREATE TABLE fax (
    id                 TEXT PRIMARY KEY,
    account            INTEGER NOT NULL REFERENCES account(id),
    application        TEXT NOT NULL REFERENCES application(id),
    from_number        TEXT NOT NULL,
    from_display_name  TEXT NOT NULL,
    to_number          TEXT NOT NULL,
    media_urls         TEXT,
    client_state       TEXT,
    webhook_url        TEXT NOT NULL,
    document_count     INTEGER NOT NULL,
    quality            TEXT NOT NULL,
    t38_enabled        INTEGER NOT NULL,
    monochrome         INTEGER NOT NULL,
    black_threshold    INTEGER NOT NULL,
    store_media        INTEGER NOT NULL,
    store_preview      INTEGER NOT NULL,
    preview_pdf        INTEGER NOT NULL,
    created_us         INTEGER NOT NULL,
    status             TEXT NOT NULL,
    failure_reason     TEXT NOT NULL,
    failure_detail     TEXT NOT NULL,
    page_count         INTEGER NOT NULL,
    pages_confirmed    INTEGER NOT NULL,
    attempts           INTEGER NOT NULL,
    sending_told       INTEGER NOT NULL,
    call               TEXT NOT NULL,
    modem              INTEGER NOT NULL,
    due_us             INTEGER NOT NULL,
    call_duration_secs INTEGER NOT NULL,
    bit_rate           INTEGER NOT NULL,
    transport          INTEGER NOT NULL,
    updated_us         INTEGER NOT NULL
) STRICT;
CREATE INDEX fax_newest ON fax(account, created_us, id);
CREATE INDEX fax_newest_from ON fax(account, from_number, created_us, id);
CREATE INDEX fax_newest_to ON fax(account, to_number, created_us, id);
CREATE INDEX fax_unfinished ON fax(created_us, id) WHERE status NOT IN ('delivered', 'failed');

CREATE TABLE event (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL,
    fax     TEXT NOT NULL REFERENCES fax(id),
    kind    TEXT NOT NULL,
    at_us   INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX event_of_fax ON event(fax, seq);

-- due_us is NULL while an older delivery of the same fax is pending: that keeps the order per fax,
-- and the faxes that wait behind a dead receiver cost nothing to step over.
CREATE TABLE delivery (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    event_seq   INTEGER NOT NULL REFERENCES event(seq),
    fax         TEXT NOT NULL REFERENCES fax(id),
    state       TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'given_up')),
    attempt     INTEGER NOT NULL,
    due_us      INTEGER,
    http_status INTEGER NOT NULL,
    note        TEXT NOT NULL
) STRICT;
CREATE INDEX delivery_pending ON delivery(fax, id) WHERE state = 'pending';
CREATE INDEX delivery_due ON delivery(due_us, id) WHERE state = 'pending' AND due_us IS NOT NULL;
