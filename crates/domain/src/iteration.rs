//! One invocation of the agent, as it is remembered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::Status;
use crate::follow_up::FollowUp;
use crate::gate::{Flake, Verdict};
use crate::ledger::Spend;

/// One line of `iterations.jsonl`: what an iteration spent and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// Its number in the run, from 1.
    pub iteration: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What the agent answered; absent where it gave no valid answer.
    pub status: Option<Status>,
    /// How the agent's invocation ended, one word, for example `done` or `crashed`.
    pub ending: String,
    /// What the gate said, where it was asked.
    pub gate: Option<Verdict>,
    /// The gate said now one thing and now another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flake: Option<Flake>,
    /// What it spent, corrections and the gate's time included. A summarizer's call after it stands in the
    /// run's total alone.
    pub spend: Spend,
    /// The snapshot commit after it, where the tree could be recorded.
    pub snapshot: Option<String>,
    /// Work beside the goal that the agent proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<FollowUp>,
}

/// One line of `progress.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The iteration that it tells of.
    pub iteration: u32,
    /// When it was written.
    pub timestamp: Timestamp,
    /// What was done, in the agent's words.
    pub progress: String,
}
