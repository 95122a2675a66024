-- What an account may send in a day and at the same time: NULL is what the configuration says, 0 any number.
ALTER TABLE account ADD COLUMN pages_per_day INTEGER;
ALTER TABLE account ADD COLUMN calls_per_day INTEGER;
ALTER TABLE account ADD COLUMN calls_max INTEGER;

-- What it has sent, by the day (UTC: started_us / 86400000000) on which the call began: calls placed and pages
-- that far ends confirmed. Counted with the attempts, in their transactions; a fax that is deleted stays counted.
CREATE TABLE account_day (
    account INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    calls   INTEGER NOT NULL,
    pages   INTEGER NOT NULL,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;
INSERT INTO account_day(account, day, calls, pages)
    SELECT fax.account, attempt.started_us / 86400000000, count(*), sum(attempt.pages_confirmed)
    FROM attempt JOIN fax ON fax.id = attempt.fax WHERE fax.direction = 'outbound' GROUP BY 1, 2;

-- An attempt is written anew with each change of it: what is counted is what it has more than before.
CREATE TRIGGER account_day_count BEFORE INSERT ON attempt BEGIN
    INSERT INTO account_day(account, day, calls, pages)
        SELECT fax.account, NEW.started_us / 86400000000, old.fax IS NULL,
            NEW.pages_confirmed - coalesce(old.pages_confirmed, 0)
        FROM fax LEFT JOIN attempt old ON old.fax = NEW.fax AND old.number = NEW.number
        WHERE fax.id = NEW.fax AND fax.direction = 'outbound' -- calls that come in have attempts too
        ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, pages = pages + excluded.pages;
END;
