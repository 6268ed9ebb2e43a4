//! The runs that forecasts draw from.

use herder_domain::forecast::PastRun;
use herder_domain::repo::{GoalRef, Number, RepoId};
use rusqlite::Row;
use serde::Deserialize;

use crate::column::{Count, Name};
use crate::error::StoreError;
use crate::{Store, rows};

/// What of a row of `stats.jsonl` a forecast needs, beside the columns.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Further {
    agent: Option<String>,
    gate_runs: Option<u32>,
    gate_seconds: Option<f64>,
    cpu_seconds: Option<f64>,
    peak_memory_bytes: Option<u64>,
    peak_working_bytes: Option<u64>,
}

impl Store {
    /// The last few hundred runs of goals, the youngest first. What a person did by hand, and what could not begin for its
    /// settings, is not among them.
    ///
    /// # Errors
    /// The database.
    pub fn past_runs(&self) -> Result<Vec<PastRun>, StoreError> {
        let found = rows(
            &self.conn,
            "SELECT repo, number, model, cost_usd, tokens, seconds, stats FROM ledger
             WHERE repo IS NOT NULL AND number IS NOT NULL AND outcome NOT IN ('by_hand', 'misconfigured')
             ORDER BY ended_at DESC, run DESC LIMIT 400",
            [],
            read,
        )?;
        // A row of another version is no experience.
        Ok(found.into_iter().flatten().collect())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<PastRun>> {
    let (Name(repo), Count(number)): (Name<RepoId>, Count) = (row.get("repo")?, row.get("number")?);
    let stats: String = row.get("stats")?;
    let seconds: f64 = row.get("seconds")?;
    let Ok(further) = serde_json::from_str::<Further>(&stats) else { return Ok(None) };
    let tokens: Option<Count> = row.get("tokens")?;
    let model: String = row.get("model")?;
    let usd: Option<f64> = row.get("cost_usd")?;
    Ok(further.agent.map(|agent| PastRun {
        goal: GoalRef { repo, number: Number(number) },
        agent,
        model,
        usd,
        tokens: tokens.map(|Count(tokens)| tokens as f64),
        seconds,
        gate_seconds: further.gate_seconds.unwrap_or(0.0) / f64::from(further.gate_runs.unwrap_or(1).max(1)),
        cores: further.cpu_seconds.map(|cpu| cpu / seconds.max(1.0)),
        memory: further.peak_working_bytes.or(further.peak_memory_bytes).map(|bytes| bytes as f64),
    }))
}
