//! One attempt of a ralph at a goal.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::Reasoning;
use crate::repo::{GoalRef, Number};

/// The name of a run: a safe directory name, unique for ever in one state directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// Why a text is not the name of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a run")]
pub struct BadRunId(String);

impl RunId {
    /// The run that is a goal's `attempt`-th, for example `app-42-1-1f0c9a`; the last part tells
    /// repositories of the same name apart.
    pub fn of(goal: &GoalRef, attempt: u32) -> Self {
        let name: String = goal.repo.name().chars().map(safe).take(40).collect();
        let hash = fnv1a(goal.repo.to_string().as_bytes()) & 0xff_ffff;
        Self(format!("{}-{}-{attempt}-{hash:06x}", name.trim_matches(['-', '.']), goal.number))
    }

    /// A run outside any orchestrator, named after the moment it began and its process.
    pub fn standalone(at: Timestamp, pid: u32) -> Self {
        Self(format!("standalone-{}-{pid}", at.strftime("%Y%m%dT%H%M%S")))
    }

    /// The name as a directory name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn safe(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }
}

/// FNV-1a, 64 bit: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = BadRunId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_safe = text.len() <= 120 && text.chars().all(|c| safe(c) == c);
        if is_safe && text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Ok(Self(text));
        }
        Err(BadRunId(text))
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

/// What bounds a run. `None` is no bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Working time: waiting for a limit does not count.
    #[serde(with = "crate::duration::seconds")]
    pub duration: Duration,
    /// Invocations of the agent that count.
    pub iterations: Option<u32>,
    /// Tokens of all kinds.
    pub tokens: Option<u64>,
    /// US dollars.
    pub usd: Option<f64>,
}

/// What was asked of a run: `run.json`, written once and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    /// The version of this shape, [`RunSpec::SCHEMA`].
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// The goal; absent for a standalone run.
    pub goal: Option<GoalRef>,
    /// The goal's title.
    pub title: String,
    /// The goal's story.
    pub story: Option<Number>,
    /// The goal's total run number, from 1, never reused.
    pub attempt: u32,
    /// The coding agent's name in the configuration.
    pub agent: String,
    /// Passed to the agent.
    pub model: String,
    /// Passed to the agent.
    pub reasoning: Reasoning,
    /// What bounds it.
    pub budget: Budget,
    /// The branch that the work is to land on.
    pub base_branch: String,
    /// The commit that the work began at.
    pub base_commit: String,
    /// When the run was ordered.
    pub created_at: Timestamp,
    /// How long the goal had been queued by then, in seconds.
    pub queue_seconds: f64,
    /// What earlier runs left for the prompt.
    pub context: RetryContext,
}

impl RunSpec {
    /// The version of this shape.
    pub const SCHEMA: u32 = 1;
}

/// What a prompt says of earlier runs at the same goal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryContext {
    /// A reviewer's words; stands first.
    pub feedback: Option<String>,
    /// How the last run ended, one sentence.
    pub last_outcome: Option<String>,
    /// The end of the last red gate's output.
    pub gate_output: Option<String>,
    /// The last progress entry.
    pub last_progress: Option<String>,
    /// The clone carries work of an earlier run.
    pub is_resumed: bool,
    /// Files whose conflict with the base made the run start afresh.
    pub conflicts: Vec<String>,
}
