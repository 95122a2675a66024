-- The cover page: a JSON object of texts (template, to, from, subject, comment); NULL: none.
ALTER TABLE fax ADD COLUMN cover_page TEXT;
