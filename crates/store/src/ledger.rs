//! What runs cost: an index over their directories, so that a question need not read them all.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_domain::ledger::Cost;
use herder_domain::repo::{GoalRef, Number, RepoId};
use herder_domain::run::RunId;
use jiff::Timestamp;
use rusqlite::{Row, params};

use crate::column::{At, Count, Name, columns};
use crate::error::StoreError;
use crate::{Store, execute, rows};

/// What one run cost and left.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow {
    /// The run.
    pub run: RunId,
    /// Its repository; absent for a standalone run outside any that is known.
    pub repo: Option<RepoId>,
    /// Its goal's number; absent for a standalone run.
    pub number: Option<Number>,
    /// The model, as it was asked for.
    pub model: String,
    /// How the run ended, by the outcome's word.
    pub outcome: String,
    /// Money.
    pub cost: Cost,
    /// Tokens of all kinds; absent where nobody counted them.
    pub tokens: Option<u64>,
    /// Wall time.
    pub duration: Duration,
    /// Lines added against the base.
    pub lines_added: u64,
    /// Lines deleted against the base.
    pub lines_deleted: u64,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Its whole row of `stats.jsonl`, JSON.
    pub stats: String,
}

/// Which rows to list. What is left open holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerFilter {
    /// Of this repository.
    pub repo: Option<RepoId>,
    /// Of this goal.
    pub goal: Option<GoalRef>,
    /// Ended at this time or later.
    pub since: Option<Timestamp>,
}

impl Store {
    /// Writes a run's row, or writes it anew.
    pub fn ledger_put(&mut self, entry: &LedgerRow) -> Result<(), StoreError> {
        let tx = self.write()?;
        execute(
            &tx,
            "INSERT OR REPLACE INTO ledger (run, repo, number, model, outcome, cost_usd, tokens, seconds,
                 lines_added, lines_deleted, ended_at, stats)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                entry.run.as_str(),
                entry.repo.as_ref().map(ToString::to_string),
                entry.number.map(|number| Count(number.0)),
                entry.model,
                entry.outcome,
                entry.cost.known(),
                entry.tokens.map(Count),
                entry.duration.as_secs_f64(),
                Count(entry.lines_added),
                Count(entry.lines_deleted),
                At(entry.ended_at),
                entry.stats
            ],
        )?;
        tx.commit()?;
        Ok(())
    }

    /// For how long the runs of each repository that ended at this time or later were at work; runs without an
    /// orchestrator count for none.
    pub fn time_at_work(&self, since: Timestamp) -> Result<BTreeMap<RepoId, Duration>, StoreError> {
        let sums: Vec<(RepoId, f64)> = rows(
            &self.conn,
            "SELECT repo, sum(seconds) FROM ledger WHERE ended_at >= ? AND number IS NOT NULL GROUP BY repo",
            params![At(since)],
            |row| row.get(0).and_then(|Name(repo)| Ok((repo, row.get(1)?))),
        )?;
        let time = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Ok(sums.into_iter().map(|(repo, seconds)| (repo, time(seconds))).collect())
    }

    /// Rows in the order in which the runs ended.
    pub fn ledger_rows(&self, filter: &LedgerFilter) -> Result<Vec<LedgerRow>, StoreError> {
        let since = filter.since.map(At);
        if let Some(goal) = &filter.goal {
            // Found by its index: one goal among many has a few rows.
            let sql = "SELECT * FROM ledger
                       WHERE repo = ?1 AND number = ?2 AND (?3 IS NULL OR ended_at >= ?3)
                       ORDER BY ended_at, run";
            let (repo, number) = columns(goal);
            return rows(&self.conn, sql, params![repo, number, since], read);
        }
        let sql = "SELECT * FROM ledger
                   WHERE (?1 IS NULL OR repo = ?1) AND (?2 IS NULL OR ended_at >= ?2)
                   ORDER BY ended_at, run";
        rows(&self.conn, sql, params![filter.repo.as_ref().map(ToString::to_string), since], read)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    let (Name(run), At(ended_at)) = (row.get("run")?, row.get("ended_at")?);
    let (Count(lines_added), Count(lines_deleted)) = (row.get("lines_added")?, row.get("lines_deleted")?);
    Ok(LedgerRow {
        run,
        repo: row.get::<_, Option<Name<RepoId>>>("repo")?.map(|Name(repo)| repo),
        number: row.get::<_, Option<Count>>("number")?.map(|Count(number)| Number(number)),
        model: row.get("model")?,
        outcome: row.get("outcome")?,
        cost: row.get::<_, Option<f64>>("cost_usd")?.map_or(Cost::UNKNOWN, Cost::usd),
        tokens: row.get::<_, Option<Count>>("tokens")?.map(|Count(tokens)| tokens),
        duration: Duration::try_from_secs_f64(row.get("seconds")?).unwrap_or_default(),
        lines_added,
        lines_deleted,
        ended_at,
        stats: row.get("stats")?,
    })
}
