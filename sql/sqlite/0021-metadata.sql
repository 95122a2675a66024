-- What a client writes on a fax to find it by: JSON of texts, and the same as rows for lists. Triggers keep
-- these, as the tally; it never changes after it was accepted.
ALTER TABLE fax ADD COLUMN metadata TEXT;
CREATE TABLE fax_metadata (
    account    INTEGER NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    fax        TEXT NOT NULL,
    PRIMARY KEY (account, key, value, created_us, fax)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER fax_metadata_add AFTER INSERT ON fax WHEN new.metadata IS NOT NULL AND new.deleted_us = 0 BEGIN
    INSERT INTO fax_metadata SELECT new.account, key, value, new.created_us, new.id FROM json_each(new.metadata);
END;
CREATE TRIGGER fax_metadata_hide AFTER UPDATE OF deleted_us ON fax
    WHEN old.metadata IS NOT NULL AND old.deleted_us = 0 AND new.deleted_us <> 0 BEGIN
    DELETE FROM fax_metadata WHERE (account, key, value, created_us, fax) IN
        (SELECT old.account, m.key, m.value, old.created_us, old.id FROM json_each(old.metadata) m);
END;
