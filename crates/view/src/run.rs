//! A run, from its row and its own files.

use herder_domain::ledger::Cost;
use herder_domain::run::{Run, RunId};
use herder_record::{Ending, RunDir, StateDir};
use jiff::Timestamp;
use serde::Serialize;

/// A run of a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunItem {
    /// Its name.
    pub run: RunId,
    /// The goal's how manieth run it is, from 1.
    pub attempt: u32,
    /// Where it stands, one word.
    pub state: &'static str,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// How it ended, one word.
    pub outcome: Option<&'static str>,
    /// The same, one sentence.
    pub detail: Option<String>,
    /// Iterations that counted.
    pub iterations: Option<u32>,
    /// US dollars; null while nobody knows.
    pub cost: Cost,
}

impl RunItem {
    /// A run with what its directory tells. One whose directory is gone, or cannot be read, tells nothing.
    pub fn of(run: &Run, state: &StateDir) -> Self {
        let dir = RunDir::of(state, run.id.clone());
        let ending = dir.ending().ok().flatten();
        let status = dir.status().ok().flatten();
        let spend = ending.as_ref().map(|ending| ending.spend).or(status.map(|status| status.spend));
        let outcome = ending.as_ref().map(|ending: &Ending| &ending.outcome);
        Self {
            run: run.id.clone(),
            attempt: run.attempt,
            state: run.state.word(),
            ordered_at: run.ordered_at,
            outcome: outcome.map(herder_domain::outcome::Outcome::word),
            detail: outcome.map(herder_domain::outcome::Outcome::sentence),
            iterations: ending.as_ref().map(|ending| ending.iterations),
            cost: spend.map_or(Cost::UNKNOWN, |spend| spend.cost),
        }
    }
}
