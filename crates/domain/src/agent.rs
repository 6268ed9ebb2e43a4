//! What the loop and the planner know of a coding agent: its name, its settings, its answer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::follow_up::FollowUp;

/// How much an agent is to think.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reasoning {
    /// Thinking turned off.
    None,
    /// A little.
    Low,
    /// The agent's own medium.
    #[default]
    Med,
    /// A lot.
    High,
}

impl Reasoning {
    /// All levels, least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Low, Self::Med, Self::High];

    /// The word that people type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Med => "med",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Reasoning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is none of the levels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a reasoning level; use none, low, med or high")]
pub struct BadReasoning(String);

impl FromStr for Reasoning {
    type Err = BadReasoning;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| BadReasoning(text.into()))
    }
}

/// What an agent says of the goal at the end of an iteration. `Done` is a claim: the gate decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// More is to be done.
    Continue,
    /// The agent claims that the goal is met.
    Done,
    /// The agent cannot go on without an answer.
    Blocked,
    /// The agent wants a person to look.
    NeedsReview,
}

impl Status {
    /// The word in the structured answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Done => "done",
            Self::Blocked => "blocked",
            Self::NeedsReview => "needs_review",
        }
    }
}

/// An iteration's structured answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Where the goal stands, as the agent sees it.
    pub status: Status,
    /// Three to seven sentences: what was done, what was learned, what comes next.
    pub summary: String,
    /// Work beside the goal that the agent proposes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<FollowUp>,
}

impl Answer {
    /// An answer that proposes nothing.
    pub fn new(status: Status, summary: impl Into<String>) -> Self {
        Self { status, summary: summary.into(), follow_ups: Vec::new() }
    }
}
