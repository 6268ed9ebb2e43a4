-- What a person holds back, by scope.
CREATE TABLE pauses (
    scope TEXT PRIMARY KEY,
    pause TEXT NOT NULL
) STRICT;

-- How many runs a person lets be at work at once; the empty name is all repositories together.
CREATE TABLE limits (
    repo TEXT PRIMARY KEY,
    max  INTEGER NOT NULL
) STRICT;

-- The last request to an orchestrator to go.
CREATE TABLE farewell (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    orchestrator TEXT NOT NULL,
    farewell     TEXT NOT NULL
) STRICT;

-- Stories have comments too: they share the sequence of numbers with goals.
CREATE TABLE comments_2 (
    seq    INTEGER PRIMARY KEY,
    repo   TEXT NOT NULL REFERENCES repos (id),
    number INTEGER NOT NULL,
    key    TEXT,
    author TEXT NOT NULL,
    at     TEXT NOT NULL,
    text   TEXT NOT NULL,
    UNIQUE (repo, number, key)
) STRICT;
INSERT INTO comments_2 SELECT seq, repo, number, key, author, at, text FROM comments;
DROP TABLE comments;
ALTER TABLE comments_2 RENAME TO comments;
