-- Who a mark is about, on which line it was, and where the chain's line of a segment stands.
ALTER TABLE mark ADD COLUMN line TEXT;
ALTER TABLE mark ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE segment ADD COLUMN chain_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segment ADD COLUMN chain_hash TEXT NOT NULL DEFAULT '';
-- All of it is read from the chain again.
DELETE FROM position;
DELETE FROM recording;
DELETE FROM recording_line;
DELETE FROM track;
DELETE FROM segment;
DELETE FROM gap;
DELETE FROM mark;
