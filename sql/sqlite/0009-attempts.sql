-- Each call of a fax, written with the changes of the fax that it made. A time of 0: not yet, or never.
CREATE TABLE attempt (
    fax             TEXT NOT NULL REFERENCES fax(id),
    number          INTEGER NOT NULL,
    call            TEXT NOT NULL,
    trunk           TEXT NOT NULL,
    started_us      INTEGER NOT NULL,
    answered_us     INTEGER NOT NULL,
    ended_us        INTEGER NOT NULL,
    state           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    detail          TEXT NOT NULL,
    retry_class     TEXT NOT NULL,
    advice          TEXT NOT NULL,
    sip_status      INTEGER NOT NULL,
    q850            INTEGER NOT NULL,
    t30_code        INTEGER NOT NULL,
    transport       INTEGER NOT NULL,
    bit_rate        INTEGER NOT NULL,
    first_page      INTEGER NOT NULL,
    pages_confirmed INTEGER NOT NULL,
    record          TEXT,
    PRIMARY KEY (fax, number)
) STRICT, WITHOUT ROWID;
