-- By which ways something was told to a person that was not told by all of them yet.
CREATE TABLE told (
    key TEXT NOT NULL,
    way TEXT NOT NULL,
    at  TEXT NOT NULL,
    PRIMARY KEY (key, way)
) STRICT, WITHOUT ROWID;
