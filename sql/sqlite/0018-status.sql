-- Lists by status: all that a filter can ask is in the index, so that a total and a place far down are
-- found without reading rows.
CREATE INDEX fax_newest_status ON fax(account, status, created_us, id, direction, from_number, to_number, deleted_us)
    WHERE deleted_us = 0;
