-- Received faxes. partial_content: the call broke before its end, what was confirmed is here.
-- remote_ident: the identifier that the far machine sent (TSI). media_format: "pdf" or "tif", what
-- media_url shows of a received fax.
ALTER TABLE fax ADD COLUMN direction TEXT NOT NULL DEFAULT 'outbound';
ALTER TABLE fax ADD COLUMN partial_content INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fax ADD COLUMN remote_ident TEXT NOT NULL DEFAULT '';
ALTER TABLE fax ADD COLUMN media_format TEXT NOT NULL DEFAULT 'pdf';

DROP INDEX fax_unfinished;
CREATE INDEX fax_unfinished ON fax(direction, created_us, id)
    WHERE status NOT IN ('delivered', 'failed', 'received');
CREATE INDEX fax_newest_direction ON fax(account, direction, created_us, id) WHERE deleted_us = 0;
