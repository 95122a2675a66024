-- Which folder the documents are in, if not in that of the database: the mark that stands there. Another one, or none, and
-- what they were in has forgotten them (a file system in memory).
CREATE TABLE documents_at (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    mark TEXT NOT NULL
) STRICT;
