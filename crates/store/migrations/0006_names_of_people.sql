-- Who a log-on name stands for by the line of the chain that was read last, and whom it stood for in each recording.
CREATE TABLE person (
    user TEXT PRIMARY KEY,
    name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE recording_person (
    recording INTEGER NOT NULL,
    user TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (recording, user)
) WITHOUT ROWID;
