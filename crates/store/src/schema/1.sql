-- What happened, in order; every other table but comments and ledger follows from it.
CREATE TABLE journal (
    seq   INTEGER PRIMARY KEY,
    at    TEXT NOT NULL,
    event TEXT NOT NULL
) STRICT;

CREATE TABLE repos (
    id          TEXT PRIMARY KEY,
    url         TEXT NOT NULL,
    base_branch TEXT NOT NULL,
    pushes      INTEGER NOT NULL
) STRICT;

-- The next number of a goal or a story; it only grows.
CREATE TABLE numbers (
    repo TEXT PRIMARY KEY REFERENCES repos (id),
    next INTEGER NOT NULL
) STRICT;

CREATE TABLE stories (
    repo   TEXT NOT NULL REFERENCES repos (id),
    number INTEGER NOT NULL,
    state  TEXT NOT NULL,
    story  TEXT NOT NULL,
    PRIMARY KEY (repo, number)
) STRICT;

-- The columns beside the JSON are what is searched for. A partial index is written to whenever a column of
-- its condition is set, so that is_settled and is_closed are set only when they change.
CREATE TABLE goals (
    repo        TEXT NOT NULL REFERENCES repos (id),
    number      INTEGER NOT NULL,
    state       TEXT NOT NULL,
    is_settled  INTEGER NOT NULL,
    story       INTEGER,
    queued_at   TEXT,
    current_run TEXT,
    goal        TEXT NOT NULL,
    PRIMARY KEY (repo, number)
) STRICT;
CREATE INDEX goals_story ON goals (repo, story, is_settled) WHERE story IS NOT NULL;
CREATE INDEX goals_live ON goals (repo, number) WHERE is_settled = 0;

-- What a goal depends on may be unknown here, so it refers to no row.
CREATE TABLE dependencies (
    repo      TEXT NOT NULL,
    number    INTEGER NOT NULL,
    on_repo   TEXT NOT NULL,
    on_number INTEGER NOT NULL,
    PRIMARY KEY (repo, number, on_repo, on_number),
    FOREIGN KEY (repo, number) REFERENCES goals (repo, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependencies_on ON dependencies (on_repo, on_number);

CREATE TABLE runs (
    id        TEXT PRIMARY KEY,
    repo      TEXT NOT NULL,
    number    INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,
    state     TEXT NOT NULL,
    is_closed INTEGER NOT NULL,
    run       TEXT NOT NULL,
    FOREIGN KEY (repo, number) REFERENCES goals (repo, number)
) STRICT;
CREATE UNIQUE INDEX runs_goal ON runs (repo, number, attempt);
CREATE INDEX runs_open ON runs (repo, number) WHERE is_closed = 0;

CREATE TABLE landings (
    run     TEXT PRIMARY KEY REFERENCES runs (id),
    state   TEXT NOT NULL,
    landing TEXT NOT NULL
) STRICT;
CREATE INDEX landings_open ON landings (state) WHERE state = 'submitted';

-- The journal has the time and the event of a transition.
CREATE TABLE transitions (
    repo       TEXT NOT NULL,
    number     INTEGER NOT NULL,
    seq        INTEGER NOT NULL REFERENCES journal (seq),
    from_state TEXT,
    to_state   TEXT NOT NULL,
    PRIMARY KEY (repo, number, seq),
    FOREIGN KEY (repo, number) REFERENCES goals (repo, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    agent TEXT PRIMARY KEY,
    until TEXT,
    why   TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    run        TEXT,
    effect     TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'done')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    not_before TEXT,
    last_error TEXT,
    ordered_at TEXT NOT NULL,
    done_at    TEXT
) STRICT;
CREATE INDEX outbox_open ON outbox (not_before) WHERE state = 'open';
CREATE INDEX outbox_run ON outbox (run) WHERE run IS NOT NULL;

CREATE TABLE comments (
    seq    INTEGER PRIMARY KEY,
    repo   TEXT NOT NULL,
    number INTEGER NOT NULL,
    key    TEXT,
    author TEXT NOT NULL,
    at     TEXT NOT NULL,
    text   TEXT NOT NULL,
    UNIQUE (repo, number, key),
    FOREIGN KEY (repo, number) REFERENCES goals (repo, number)
) STRICT;

-- An index over the run directories; it can be made again from them. It knows standalone runs too,
-- so it refers to no row.
CREATE TABLE ledger (
    run           TEXT PRIMARY KEY,
    repo          TEXT,
    number        INTEGER,
    model         TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    cost_usd      REAL,
    tokens        INTEGER NOT NULL,
    seconds       REAL NOT NULL,
    lines_added   INTEGER NOT NULL,
    lines_deleted INTEGER NOT NULL,
    ended_at      TEXT NOT NULL,
    stats         TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_goal ON ledger (repo, number);
CREATE INDEX ledger_ended ON ledger (ended_at);
