-- Whether a segment holds more than the pauses of its talker.
ALTER TABLE segment ADD COLUMN spoken INTEGER NOT NULL DEFAULT 1;
-- All of it is read from the chain again.
DELETE FROM position;
DELETE FROM recording;
DELETE FROM recording_line;
DELETE FROM track;
DELETE FROM segment;
DELETE FROM gap;
DELETE FROM mark;
