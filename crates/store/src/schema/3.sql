-- Tokens that nobody counted are unknown, not none: NULL. Before, a run whose agent told neither of tokens nor of
-- money was written down with 0.
CREATE TABLE ledger_3 (
    run           TEXT PRIMARY KEY,
    repo          TEXT,
    number        INTEGER,
    model         TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    cost_usd      REAL,
    tokens        INTEGER,
    seconds       REAL NOT NULL,
    lines_added   INTEGER NOT NULL,
    lines_deleted INTEGER NOT NULL,
    ended_at      TEXT NOT NULL,
    stats         TEXT NOT NULL
) STRICT;
INSERT INTO ledger_3
    SELECT run, repo, number, model, outcome, cost_usd,
           CASE WHEN tokens = 0 AND cost_usd IS NULL THEN NULL ELSE tokens END,
           seconds, lines_added, lines_deleted, ended_at, stats
    FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_3 RENAME TO ledger;
CREATE INDEX ledger_goal ON ledger (repo, number);
CREATE INDEX ledger_ended ON ledger (ended_at);
