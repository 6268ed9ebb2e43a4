-- What is the matter with a repository as a whole.
CREATE TABLE ailments (
    repo   TEXT PRIMARY KEY,
    ailing TEXT NOT NULL
) STRICT, WITHOUT ROWID;
