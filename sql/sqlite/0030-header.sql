-- The header line of its pages: a JSON object (text, time_zone); NULL: none.
ALTER TABLE fax ADD COLUMN header TEXT;
