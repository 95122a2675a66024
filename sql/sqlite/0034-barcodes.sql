-- The barcodes on the pages of a received fax: a JSON list (page, type, data or data_base64); 'null': they could not be
-- read; NULL: its application did not ask for them.
ALTER TABLE fax ADD COLUMN barcodes TEXT;
