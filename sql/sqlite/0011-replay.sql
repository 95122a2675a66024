-- An event is found by its id, to be told again.
CREATE INDEX event_id ON event(id);
