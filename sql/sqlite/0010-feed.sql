-- Events in the order in which they were committed, for each account, for those who ask instead of
-- being told; and how far each of their consumers says it is.
ALTER TABLE event ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
UPDATE event SET account = (SELECT account FROM fax WHERE fax.id = event.fax);
CREATE INDEX event_feed ON event(account, seq, kind);

CREATE TABLE event_consumer (
    account    INTEGER NOT NULL REFERENCES account(id),
    name       TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
