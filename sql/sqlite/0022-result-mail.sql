-- Who is told by e-mail how an outbound fax ended, and the Message-ID of the mail that it came by; NULL: nobody, none.
ALTER TABLE fax ADD COLUMN result_email TEXT;
ALTER TABLE fax ADD COLUMN result_reference TEXT;
