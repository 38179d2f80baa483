-- Messages of a voicemail in the history: whether an entry has one, and whether its user has heard it.
ALTER TABLE history ADD COLUMN message INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_of_user ON history (user, n) WHERE message = 1 AND heard = 0;
