-- The fax that this one repeats, which may be gone by now; empty: none.
ALTER TABLE fax ADD COLUMN resend_of TEXT NOT NULL DEFAULT '';
