-- T.30 SUB: sent with a fax to a machine that takes one, or received with it; tag: what the application calls that one.
ALTER TABLE fax ADD COLUMN subaddress TEXT NOT NULL DEFAULT '';
ALTER TABLE fax ADD COLUMN tag TEXT NOT NULL DEFAULT '';
