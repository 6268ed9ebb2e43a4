//! One running ralph, as it is shown.

use herder_domain::ledger::Cost;
use herder_domain::repo::GoalRef;
use herder_domain::run::{RunId, RunSpec};
use herder_record::{LiveStatus, Phase, RunDir};
use jiff::Timestamp;
use serde::Serialize;

use crate::WatchError;
use crate::tail::last_lines;

/// A running ralph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// The run.
    pub run: RunId,
    /// Its goal; absent for a standalone run.
    pub goal: Option<String>,
    /// The goal's title.
    pub title: String,
    /// The coding agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// What it is at.
    pub state: Phase,
    /// More of what it is at, a few words.
    pub detail: Option<String>,
    /// What it waits for.
    pub waiting_for: Option<String>,
    /// Until when it waits.
    pub waiting_until: Option<Timestamp>,
    /// The iteration it is in, from 1; 0 before the first.
    pub iteration: u32,
    /// When the run was ordered.
    pub started_at: Timestamp,
    /// How long ago that was, in seconds.
    pub age_seconds: u64,
    /// What it spent so far.
    pub spent: Spent,
    /// The last lines of its log.
    pub log: Vec<String>,
}

/// What a run spent so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spent {
    /// Tokens of all kinds.
    pub tokens: u64,
    /// US dollars; null where nobody knows.
    pub cost_usd: Cost,
    /// Working time, in seconds.
    pub working_seconds: u64,
}

impl Block {
    /// The block of a run whose ralph lives, with the last `lines` of its log.
    pub(crate) fn of(dir: &RunDir, spec: &RunSpec, now: Timestamp, lines: usize) -> Result<Self, WatchError> {
        let log = last_of(dir, lines)?;
        let status = dir.status()?;
        let said = status.as_ref();
        Ok(Self {
            run: spec.run.clone(),
            goal: spec.goal.as_ref().map(GoalRef::to_string),
            title: spec.title.clone(),
            agent: spec.agent.clone(),
            model: spec.model.clone(),
            state: said.map_or(usual_phase(spec), |status| status.state),
            detail: said.and_then(|status| status.detail.clone()).or_else(|| in_hand(spec)),
            waiting_for: said.and_then(|status| status.waiting_for.clone()),
            waiting_until: said.and_then(|status| status.waiting_until),
            iteration: said.map_or(0, |status| status.iteration),
            started_at: spec.created_at,
            age_seconds: now.duration_since(spec.created_at).as_secs().try_into().unwrap_or(0),
            spent: said.map(Spent::of).unwrap_or(Spent {
                tokens: 0,
                cost_usd: Cost::ZERO,
                working_seconds: 0,
            }),
            log,
        })
    }
}

/// The last lines of a run's log; where its newer part has just begun, the older one's come before.
fn last_of(dir: &RunDir, lines: usize) -> Result<Vec<String>, WatchError> {
    let mut last = Vec::new();
    for path in dir.log_parts().into_iter().rev() {
        let missing = lines - last.len();
        let part = last_lines(&path, missing).map_err(|source| WatchError::Read { path, source })?;
        last.splice(0..0, part);
        if last.len() >= lines {
            break;
        }
    }
    Ok(last)
}

fn usual_phase(spec: &RunSpec) -> Phase {
    if spec.by.is_some() { Phase::ByHand } else { Phase::Starting }
}

fn in_hand(spec: &RunSpec) -> Option<String> {
    let by = spec.by.as_ref()?;
    Some(format!("taken by {by} since {:.0}", spec.created_at))
}

impl Spent {
    fn of(status: &LiveStatus) -> Self {
        Self {
            tokens: status.spend.tokens.total(),
            cost_usd: status.spend.cost,
            working_seconds: status.spend.time.working().as_secs(),
        }
    }
}
