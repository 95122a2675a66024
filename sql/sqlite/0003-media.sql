-- Stored media: the bytes are the file of that name in <data>/media.
CREATE TABLE media (
    account      INTEGER NOT NULL REFERENCES account(id),
    name         TEXT NOT NULL,
    file         TEXT NOT NULL UNIQUE,
    content_type TEXT NOT NULL,
    size         INTEGER NOT NULL,
    created_us   INTEGER NOT NULL,
    updated_us   INTEGER NOT NULL,
    expires_us   INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_newest ON media(account, created_us, name);
CREATE INDEX media_expires ON media(expires_us);

-- What a fax was sent from, when that was stored media.
ALTER TABLE fax ADD COLUMN media_name TEXT NOT NULL DEFAULT '';
