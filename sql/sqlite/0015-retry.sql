-- retry: the policy as JSON, NULL for none. first_page: pages before it have arrived in earlier calls. way:
-- of the next call, see fax/policy.h.
ALTER TABLE fax ADD COLUMN retry TEXT;
ALTER TABLE fax ADD COLUMN first_page INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fax ADD COLUMN way INTEGER NOT NULL DEFAULT 0;
