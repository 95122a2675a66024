-- The packets of its calls are kept: trace-<attempt>.pcap in the folder of the fax.
ALTER TABLE fax ADD COLUMN trace INTEGER NOT NULL DEFAULT 0;
