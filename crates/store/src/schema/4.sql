-- Goals live in this database, or on a forge.
ALTER TABLE repos ADD COLUMN home TEXT NOT NULL DEFAULT 'local';

-- What a forge answered, by account and address: a cache, which spares it and us the same answer again.
CREATE TABLE answers (
    account TEXT NOT NULL,
    url     TEXT NOT NULL,
    etag    TEXT NOT NULL,
    body    BLOB NOT NULL,
    next    TEXT,
    used_at TEXT NOT NULL,
    PRIMARY KEY (account, url)
) STRICT, WITHOUT ROWID;

-- What was spent of an account's allowances.
CREATE TABLE budgets (
    account TEXT PRIMARY KEY,
    budget  TEXT NOT NULL
) STRICT;
