//! What runs are like, learned from the ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_domain::capacity::{Footprint, Footprints, Observation};
use herder_domain::repo::RepoId;
use serde::Deserialize;

use crate::column::Name;
use crate::error::StoreError;
use crate::{Store, rows};

/// What of a row of `stats.jsonl` says how the run was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    agent: Option<String>,
    outcome: Option<String>,
    peak_memory_bytes: Option<u64>,
    peak_working_bytes: Option<u64>,
    cpu_seconds: Option<f64>,
}

impl Store {
    /// What the runs of each repository and agent were like, of the last few hundred that came to an end by themselves.
    ///
    /// # Errors
    /// The database.
    pub fn footprints(&self) -> Result<Footprints, StoreError> {
        let ended: Vec<(RepoId, f64, String)> = rows(
            &self.conn,
            "SELECT repo, seconds, stats FROM ledger WHERE repo IS NOT NULL AND number IS NOT NULL
             ORDER BY ended_at DESC LIMIT 400",
            [],
            |row| row.get(0).and_then(|Name(repo)| Ok((repo, row.get(1)?, row.get(2)?))),
        )?;
        let mut found: BTreeMap<(RepoId, String), Vec<Observation>> = BTreeMap::new();
        for (repo, seconds, stats) in ended {
            // A row of another version is no experience.
            let Ok(row) = serde_json::from_str::<Row>(&stats) else { continue };
            if let (Some(agent), Some(observation)) = (row.agent.clone(), observation(&row, seconds)) {
                found.entry((repo, agent)).or_default().push(observation);
            }
        }
        Ok(found.into_iter().filter_map(|(key, runs)| Some((key, Footprint::learn(&runs)?))).collect())
    }
}

/// One that was cut off, or done by a person, says little of the next.
fn observation(row: &Row, seconds: f64) -> Option<Observation> {
    if matches!(row.outcome.as_deref(), Some("interrupted" | "by_hand" | "misconfigured")) {
        return None;
    }
    Some(Observation {
        memory: row.peak_working_bytes.or(row.peak_memory_bytes),
        cpu: row.cpu_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        duration: Duration::try_from_secs_f64(seconds).ok()?,
    })
}
