-- How far a fax is from its turn: what of an account is due before it, in the order in which it is taken.
CREATE INDEX lane_first ON lane(priority, account, next_us);
-- In a call: by number, so that who waits for it is found; a start reads them all.
DROP INDEX fax_in_call;
CREATE INDEX fax_in_call ON fax(to_number, id) WHERE status IN ('originated', 'sending');
