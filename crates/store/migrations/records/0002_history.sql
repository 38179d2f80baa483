-- The history of users' calls: an entry never changes, its user may hide it.
CREATE TABLE history (
    n INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    ended_utc_ms INTEGER NOT NULL,
    entry TEXT NOT NULL CHECK (json_valid(entry)),
    hidden INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX history_of_user ON history (user, n);
