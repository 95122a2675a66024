-- When the documents of a fax were taken away by a rule; 0: they were not.
ALTER TABLE fax ADD COLUMN purged_us INTEGER NOT NULL DEFAULT 0;
CREATE INDEX fax_to_purge ON fax(application, direction, updated_us)
    WHERE purged_us = 0 AND deleted_us = 0 AND status IN ('delivered', 'failed', 'received');
-- Whose folder it is that goes, and why: deleted, documents_expired, record_expired.
ALTER TABLE fax_removal ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fax_removal ADD COLUMN why TEXT NOT NULL DEFAULT 'deleted';
-- What was removed, once it was; kept when the fax is gone. Nothing of what was in it.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    fax     TEXT NOT NULL,
    why     TEXT NOT NULL,
    files   INTEGER NOT NULL,
    bytes   INTEGER NOT NULL,
    at_us   INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_of_fax ON audit(account, fax);
CREATE INDEX audit_newest ON audit(account, seq);
