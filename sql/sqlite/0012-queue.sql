-- What is due next is found by index, however many faxes wait. priority: 0 is served first.
ALTER TABLE fax ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;

-- Waiting for their documents to be prepared.
CREATE INDEX fax_to_prepare ON fax(priority, account, created_us, id) WHERE status = 'queued';
-- Waiting for a call, by lane: all faxes of an application and priority to one number.
CREATE INDEX fax_to_dial ON fax(application, priority, to_number, due_us, id) WHERE status = 'media.processed';
-- In a call: what a start has to settle, however many others there are.
CREATE INDEX fax_in_call ON fax(id) WHERE status IN ('originated', 'sending');
-- Cancelled while waiting.
CREATE INDEX fax_to_cancel ON fax(id) WHERE cancel_us != 0 AND status IN ('queued', 'media.processed');

-- One row a lane in which somebody waits: so that a thousand faxes to one number are one row to step
-- over. next_us: when its first fax is due. Kept by triggers, whoever changes a fax.
CREATE TABLE lane (
    application TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    to_number   TEXT NOT NULL,
    account     INTEGER NOT NULL,
    next_us     INTEGER NOT NULL,
    PRIMARY KEY (application, priority, to_number)
) STRICT, WITHOUT ROWID;
CREATE INDEX lane_due ON lane(priority, account, application, next_us);
CREATE INDEX lane_next ON lane(next_us);
INSERT INTO lane(application, priority, to_number, account, next_us)
    SELECT application, priority, to_number, account, min(due_us) FROM fax WHERE status = 'media.processed'
    GROUP BY application, priority, to_number;

CREATE TRIGGER lane_joined AFTER INSERT ON fax WHEN NEW.status = 'media.processed' BEGIN
    INSERT INTO lane(application, priority, to_number, account, next_us)
        VALUES (NEW.application, NEW.priority, NEW.to_number, NEW.account, NEW.due_us)
        ON CONFLICT DO UPDATE SET next_us = min(next_us, excluded.next_us);
END;
CREATE TRIGGER lane_changed AFTER UPDATE OF status, due_us ON fax
    WHEN OLD.status = 'media.processed' OR NEW.status = 'media.processed' BEGIN
    DELETE FROM lane WHERE application = NEW.application AND priority = NEW.priority
        AND to_number = NEW.to_number;
    INSERT INTO lane(application, priority, to_number, account, next_us)
        SELECT NEW.application, NEW.priority, NEW.to_number, NEW.account, due_us FROM fax
        WHERE application = NEW.application AND priority = NEW.priority AND to_number = NEW.to_number
            AND status = 'media.processed' ORDER BY due_us, id LIMIT 1;
END;
CREATE TRIGGER lane_left AFTER DELETE ON fax WHEN OLD.status = 'media.processed' BEGIN
    DELETE FROM lane WHERE application = OLD.application AND priority = OLD.priority
        AND to_number = OLD.to_number;
    INSERT INTO lane(application, priority, to_number, account, next_us)
        SELECT OLD.application, OLD.priority, OLD.to_number, OLD.account, due_us FROM fax
        WHERE application = OLD.application AND priority = OLD.priority AND to_number = OLD.to_number
            AND status = 'media.processed' ORDER BY due_us, id LIMIT 1;
END;

-- Outbound faxes on their way, counted: each accept asks for it.
CREATE TABLE in_process (
    account INTEGER PRIMARY KEY,
    faxes   INTEGER NOT NULL
) STRICT;
INSERT INTO in_process(account, faxes) SELECT account, count(*) FROM fax
    WHERE status IN ('queued', 'media.processed', 'originated', 'sending') GROUP BY account;
DROP INDEX fax_in_process;
CREATE TRIGGER in_process_joined AFTER INSERT ON fax
    WHEN NEW.status IN ('queued', 'media.processed', 'originated', 'sending') BEGIN
    INSERT INTO in_process(account, faxes) VALUES (NEW.account, 1)
        ON CONFLICT DO UPDATE SET faxes = faxes + 1;
END;
CREATE TRIGGER in_process_ended AFTER UPDATE OF status ON fax
    WHEN OLD.status IN ('queued', 'media.processed', 'originated', 'sending')
        AND NEW.status NOT IN ('queued', 'media.processed', 'originated', 'sending') BEGIN
    UPDATE in_process SET faxes = faxes - 1 WHERE account = NEW.account;
END;
CREATE TRIGGER in_process_left AFTER DELETE ON fax
    WHEN OLD.status IN ('queued', 'media.processed', 'originated', 'sending') BEGIN
    UPDATE in_process SET faxes = faxes - 1 WHERE account = OLD.account;
END;
