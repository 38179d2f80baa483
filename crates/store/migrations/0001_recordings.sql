-- A projection of the chain of recordings, for searching. Times are UTC milliseconds.
CREATE TABLE position (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    bytes INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    hash TEXT NOT NULL
);
CREATE TABLE recording (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL,
    kind TEXT NOT NULL,
    opened_utc_ms INTEGER NOT NULL,
    closed_utc_ms INTEGER,
    gaps INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX recording_by_time ON recording (opened_utc_ms);
CREATE TABLE recording_line (
    recording INTEGER NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (line, recording)
) WITHOUT ROWID;
CREATE INDEX recording_line_by_recording ON recording_line (recording);
CREATE TABLE track (
    id INTEGER PRIMARY KEY,
    recording INTEGER NOT NULL,
    line TEXT NOT NULL,
    talker TEXT NOT NULL,
    opened_utc_ms INTEGER NOT NULL,
    closed_utc_ms INTEGER
);
CREATE INDEX track_by_recording ON track (recording);
CREATE INDEX track_by_talker ON track (talker, recording);
CREATE TABLE segment (
    track INTEGER NOT NULL,
    number INTEGER NOT NULL,
    file TEXT NOT NULL,
    from_utc_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    PRIMARY KEY (track, number)
) WITHOUT ROWID;
CREATE TABLE gap (
    n INTEGER PRIMARY KEY,
    recording INTEGER,
    line TEXT,
    talker TEXT,
    from_utc_ms INTEGER NOT NULL,
    to_utc_ms INTEGER NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX gap_by_recording ON gap (recording);
CREATE TABLE mark (
    n INTEGER PRIMARY KEY,
    recording INTEGER NOT NULL,
    at_utc_ms INTEGER NOT NULL,
    what_happened TEXT NOT NULL
);
CREATE INDEX mark_by_recording ON mark (recording);
