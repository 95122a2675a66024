-- Which pages of each document are sent: a JSON list of texts such as "1-5"; NULL: all.
ALTER TABLE fax ADD COLUMN page_ranges TEXT;
