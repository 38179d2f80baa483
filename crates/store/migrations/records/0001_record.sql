-- What changed at run time: a JSON value by kind and key.
CREATE TABLE record (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
