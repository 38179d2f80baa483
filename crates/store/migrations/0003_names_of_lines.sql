-- What a line was called when it was recorded; empty where the chain does not say.
ALTER TABLE recording_line ADD COLUMN name TEXT NOT NULL DEFAULT '';
