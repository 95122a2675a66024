-- What became of each webhook, try by try. started_us and finished_us are of the first and the last
-- try; NULL before. A delivery that was put off without being tried counts that in `postponed`.
ALTER TABLE delivery ADD COLUMN uuid TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN postponed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN started_us INTEGER;
ALTER TABLE delivery ADD COLUMN finished_us INTEGER;
UPDATE delivery SET account = (SELECT account FROM fax WHERE fax.id = delivery.fax),
    uuid = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' ||
    substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
UPDATE delivery SET started_us = (SELECT at_us FROM event WHERE seq = event_seq) WHERE attempt > 0;
UPDATE delivery SET finished_us = (SELECT at_us FROM event WHERE seq = event_seq)
    WHERE attempt > 0 OR state <> 'pending';
CREATE UNIQUE INDEX delivery_uuid ON delivery(uuid);
CREATE INDEX delivery_newest ON delivery(account, started_us, id) WHERE started_us IS NOT NULL;
CREATE INDEX delivery_settled ON delivery(finished_us, id) WHERE state <> 'pending';

-- Headers are JSON: [["name", "value"], ...]. http_status 0: there was no answer.
CREATE TABLE webhook_attempt (
    delivery         INTEGER NOT NULL REFERENCES delivery(id),
    number           INTEGER NOT NULL,
    url              TEXT NOT NULL,
    started_us       INTEGER NOT NULL,
    finished_us      INTEGER NOT NULL,
    http_status      INTEGER NOT NULL,
    error            TEXT NOT NULL,
    request_headers  TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    response_body    TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
