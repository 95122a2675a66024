-- What an account has learned about the numbers that it calls. facts: JSON, fax/destination.h.
CREATE TABLE destination (
    account    INTEGER NOT NULL REFERENCES account(id),
    number     TEXT NOT NULL,
    parked     INTEGER NOT NULL,
    facts      TEXT NOT NULL,
    updated_us INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
