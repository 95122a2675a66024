-- How many faxes a list has, without counting a million rows for each page: kept by hour for all of an
-- account (kind 0), for each number that faxes come from (1) and go to (2). Triggers keep it, so that
-- no writer can forget to. hour: created_us / 3600000000.
CREATE TABLE fax_tally (
    account   INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    number    TEXT NOT NULL,
    hour      INTEGER NOT NULL,
    direction TEXT NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (account, kind, number, hour, direction)
) STRICT, WITHOUT ROWID;

INSERT INTO fax_tally SELECT account, 0, '', created_us / 3600000000, direction, count(*) FROM fax
    WHERE deleted_us = 0 GROUP BY 1, 2, 3, 4, 5;
INSERT INTO fax_tally SELECT account, 1, from_number, created_us / 3600000000, direction, count(*) FROM fax
    WHERE deleted_us = 0 GROUP BY 1, 2, 3, 4, 5;
INSERT INTO fax_tally SELECT account, 2, to_number, created_us / 3600000000, direction, count(*) FROM fax
    WHERE deleted_us = 0 GROUP BY 1, 2, 3, 4, 5;

CREATE TRIGGER fax_tally_add AFTER INSERT ON fax WHEN new.deleted_us = 0 BEGIN
    INSERT INTO fax_tally VALUES
        (new.account, 0, '', new.created_us / 3600000000, new.direction, 1),
        (new.account, 1, new.from_number, new.created_us / 3600000000, new.direction, 1),
        (new.account, 2, new.to_number, new.created_us / 3600000000, new.direction, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER fax_tally_hide AFTER UPDATE OF deleted_us ON fax WHEN old.deleted_us = 0 AND new.deleted_us <> 0 BEGIN
    UPDATE fax_tally SET count = count - 1
        WHERE account = old.account AND kind = 0 AND number = ''
        AND hour = old.created_us / 3600000000 AND direction = old.direction;
    UPDATE fax_tally SET count = count - 1
        WHERE account = old.account AND kind = 1 AND number = old.from_number
        AND hour = old.created_us / 3600000000 AND direction = old.direction;
    UPDATE fax_tally SET count = count - 1
        WHERE account = old.account AND kind = 2 AND number = old.to_number
        AND hour = old.created_us / 3600000000 AND direction = old.direction;
    DELETE FROM fax_tally WHERE count = 0 AND account = old.account AND kind = 2 AND number = old.to_number
        AND hour = old.created_us / 3600000000 AND direction = old.direction;
END;
-- Rows go after they were hidden; this is for whoever forgets to hide one.
CREATE TRIGGER fax_tally_remove BEFORE DELETE ON fax WHEN old.deleted_us = 0 BEGIN
    UPDATE fax SET deleted_us = 1 WHERE id = old.id;
END;
