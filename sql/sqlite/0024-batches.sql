-- Many faxes of one document: its files are in the folder of the batch and made once.
-- state: of the documents; preparing, prepared, failed (reason, detail), and settled once no fax waits for them.
CREATE TABLE fax_batch (
    id           TEXT PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES account(id),
    application  TEXT NOT NULL REFERENCES application(id),
    recipients   INTEGER NOT NULL,
    state        TEXT NOT NULL,
    page_count   INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    detail       TEXT NOT NULL,
    created_us   INTEGER NOT NULL,
    cancel_us    INTEGER NOT NULL,
    completed_us INTEGER NOT NULL
) STRICT;
CREATE INDEX fax_batch_newest ON fax_batch(account, created_us, id);
CREATE INDEX fax_batch_open ON fax_batch(account) WHERE completed_us = 0;
CREATE INDEX fax_batch_documents ON fax_batch(state, created_us, id) WHERE state != 'settled';

ALTER TABLE fax ADD COLUMN batch TEXT NOT NULL DEFAULT '';
-- How far a batch is; a page of its faxes.
CREATE INDEX fax_of_batch ON fax(batch, status, deleted_us) WHERE batch != '';
CREATE INDEX fax_newest_batch ON fax(batch, created_us, id) WHERE batch != '' AND deleted_us = 0;

-- The documents of a batch are not those of its faxes.
DROP INDEX fax_to_prepare;
CREATE INDEX fax_to_prepare ON fax(priority, account, created_us, id) WHERE status = 'queued' AND batch = '';

-- Batches have a limit of their own.
DROP TRIGGER in_process_joined;
DROP TRIGGER in_process_ended;
DROP TRIGGER in_process_left;
CREATE TRIGGER in_process_joined AFTER INSERT ON fax
    WHEN NEW.batch = '' AND NEW.status IN ('queued', 'media.processed', 'originated', 'sending') BEGIN
    INSERT INTO in_process(account, faxes) VALUES (NEW.account, 1)
        ON CONFLICT DO UPDATE SET faxes = faxes + 1;
END;
CREATE TRIGGER in_process_ended AFTER UPDATE OF status ON fax
    WHEN NEW.batch = '' AND OLD.status IN ('queued', 'media.processed', 'originated', 'sending')
        AND NEW.status NOT IN ('queued', 'media.processed', 'originated', 'sending') BEGIN
    UPDATE in_process SET faxes = faxes - 1 WHERE account = NEW.account;
END;
CREATE TRIGGER in_process_left AFTER DELETE ON fax
    WHEN OLD.batch = '' AND OLD.status IN ('queued', 'media.processed', 'originated', 'sending') BEGIN
    UPDATE in_process SET faxes = faxes - 1 WHERE account = OLD.account;
END;
