-- Phone numbers that faxes come in for: each of one account, routed to an application or to none.
-- tags: a JSON array of texts.
CREATE TABLE phone_number (
    id          TEXT PRIMARY KEY,
    account     INTEGER NOT NULL REFERENCES account(id),
    number      TEXT NOT NULL UNIQUE,
    application TEXT REFERENCES application(id),
    tags        TEXT NOT NULL DEFAULT '[]',
    created_us  INTEGER NOT NULL,
    updated_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX phone_number_newest ON phone_number(account, created_us, id);
CREATE INDEX phone_number_application ON phone_number(application) WHERE application IS NOT NULL;
