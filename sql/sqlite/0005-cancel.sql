-- cancel_us, deleted_us: when it was asked for, 0 for never. What was asked for stays asked for,
-- whatever is killed meanwhile. A deleted fax is shown no more; its rows go when it has ended and
-- its last webhook is settled. A deleted application stays as long as faxes name it.
ALTER TABLE fax ADD COLUMN cancel_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fax ADD COLUMN deleted_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN deleted_us INTEGER NOT NULL DEFAULT 0;

-- Faxes whose files are to be removed: written with the change, struck off when the folder is gone.
CREATE TABLE fax_removal (
    fax TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Lists show what is not deleted.
DROP INDEX fax_newest;
DROP INDEX fax_newest_from;
DROP INDEX fax_newest_to;
CREATE INDEX fax_newest ON fax(account, created_us, id) WHERE deleted_us = 0;
CREATE INDEX fax_newest_from ON fax(account, from_number, created_us, id) WHERE deleted_us = 0;
CREATE INDEX fax_newest_to ON fax(account, to_number, created_us, id) WHERE deleted_us = 0;
-- So that removing a fax does not read every delivery there is.
CREATE INDEX delivery_of_event ON delivery(event_seq);
CREATE INDEX delivery_of_fax ON delivery(fax);
