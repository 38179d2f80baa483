-- Into which microphone a track was spoken.
ALTER TABLE track ADD COLUMN uplink TEXT NOT NULL DEFAULT 'mic';
-- All of it is read from the chain again.
DELETE FROM position;
DELETE FROM recording;
DELETE FROM recording_line;
DELETE FROM recording_person;
DELETE FROM person;
DELETE FROM track;
DELETE FROM segment;
DELETE FROM gap;
DELETE FROM mark;
