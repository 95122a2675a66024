-- When a fax may be dialled, by whoever sent it: not before send_at_us, within send_window (JSON, fax/window.h;
-- NULL: at any hour), not from expires_us on. 0: not given. What waits for its time is a row with a later due_us.
ALTER TABLE fax ADD COLUMN send_at_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fax ADD COLUMN send_window TEXT;
ALTER TABLE fax ADD COLUMN expires_us INTEGER NOT NULL DEFAULT 0;
-- Whose time runs out next; and all that a window closes on at once.
CREATE INDEX fax_to_expire ON fax(expires_us, id) WHERE expires_us != 0 AND status IN ('queued', 'media.processed');
CREATE INDEX fax_in_window ON fax(send_window, due_us) WHERE send_window IS NOT NULL AND status = 'media.processed';
