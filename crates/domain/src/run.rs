//! One attempt of a ralph at a goal, and the machine of its states.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::Reasoning;
use crate::duration::Span;
use crate::fnv;
use crate::follow_up::FollowUp;
use crate::frost::{Frost, Frozen};
use crate::gate::Failure;
use crate::goal::Told;
use crate::illegal::IllegalEvent;
use crate::outcome::Outcome;
use crate::repo::{GoalRef, Number};
use crate::setup::Setup;

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
        let hash = fnv::hash(goal.repo.to_string().as_bytes()) & 0xff_ffff;
        let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let name = if name.is_empty() { "run" } else { name };
        Self(format!("{name}-{}-{attempt}-{hash:06x}", goal.number))
    }

    /// A run outside any orchestrator, named after the moment it began and its process.
    pub fn standalone(at: Timestamp, pid: u32) -> Self {
        Self(format!("standalone-{}-{pid}", at.strftime("%Y%m%dT%H%M%S")))
    }

    /// Whether it may be the name of a run outside any orchestrator. (A repository may be called so, too.)
    pub fn may_be_standalone(&self) -> bool {
        self.0.starts_with("standalone-")
    }

    /// The name with what tells it from a run of the same name at another place, for example
    /// `app-42-1-1f0c9a.5be0c1d2`: what its processes are marked with. Two state directories on one
    /// machine may both have a run at the same goal of the same repository, and neither may end the
    /// other's.
    #[must_use]
    pub fn at(&self, place: &str) -> Self {
        Self(format!("{}.{}", self.0, fnv::short_name(place.as_bytes())))
    }

    /// The name as a directory name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn safe(c: char) -> char {
    if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }
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
    /// Wall time since the run was ordered, waiting and sleeping included.
    #[serde(default)]
    pub max_age: Option<Span>,
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
    /// The person who does it by hand; a ralph does it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What people had said to the goal by then; what they say later comes into the run directory.
    #[serde(default)]
    pub told: Vec<Told>,
    /// The hash of the repository's own prompt (`.ralph/prompt.md` of the base), where it has one.
    #[serde(default)]
    pub prompt_hash: Option<String>,
    /// Where and with what it works.
    pub setup: Setup,
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
    /// The agent's question that they answer, where it had asked one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// How the last run ended, one sentence.
    pub last_outcome: Option<String>,
    /// How those before it ended, the oldest first, at most [`RetryContext::EARLIER_MAX`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_outcomes: Vec<String>,
    /// The end of the last red gate's output.
    pub gate_output: Option<String>,
    /// What it named as failing, but for what fails on the base branch, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate_failures: Vec<Failure>,
    /// The last progress entry.
    pub last_progress: Option<String>,
    /// The clone carries work of an earlier run.
    pub is_resumed: bool,
    /// Files whose conflict with the base made the run start afresh.
    pub conflicts: Vec<String>,
}

impl RetryContext {
    /// So many earlier runs are told of: a prompt has bounds, and what ten runs met the next one knows.
    pub const EARLIER_MAX: usize = 10;

    /// How all runs but the one that ends now have ended, the oldest first.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        let mut all = self.earlier_outcomes.clone();
        all.extend(self.last_outcome.clone());
        all.split_off(all.len().saturating_sub(Self::EARLIER_MAX))
    }
}

/// A run as the orchestrator keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The run.
    pub id: RunId,
    /// Its goal.
    pub goal: GoalRef,
    /// The goal's total run number.
    pub attempt: u32,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// How long the goal had been queued by then, in seconds.
    pub queue_seconds: f64,
    /// The branch that its work is to land on; known once it is prepared.
    pub base_branch: Option<String>,
    /// The agent's account that it spends from; known once it is prepared.
    pub agent: Option<String>,
    /// The person who does it by hand; a ralph does it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether it stands still.
    #[serde(default, skip_serializing_if = "Frost::is_unknown")]
    pub frost: Frost,
    /// What it came to; known once it is judged.
    #[serde(default)]
    pub result: Option<RunResult>,
    /// Where it stands.
    pub state: RunState,
}

impl Run {
    /// Whether it takes a slot: a ralph may begin to work, or works. A person needs none.
    pub fn takes_slot(&self) -> bool {
        self.by.is_none() && self.state.takes_slot()
    }

    /// Why it stands still, where its ralph is at work and does.
    pub fn frozen(&self) -> Option<&Frozen> {
        self.frost.frozen.as_ref().filter(|_| self.state.process().is_some())
    }

    /// Whether a person has its workspace in hand.
    pub fn is_held(&self) -> bool {
        matches!(self.state, RunState::Held { .. })
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// How it ended.
    pub outcome: Outcome,
    /// What it left.
    pub harvest: Harvest,
}

/// A process, so that no stranger with the same number is taken for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessName {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot (`/proc/PID/stat`, field 22).
    pub start_time: u64,
    /// The boot that it belongs to (`/proc/sys/kernel/random/boot_id`).
    pub boot_id: String,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one of them for each run, and it is short-lived")]
pub enum RunState {
    /// The planner wants it; nothing was done yet.
    Ordered,
    /// The goal is ours.
    Claimed,
    /// Clone and run directory stand.
    Prepared,
    /// A ralph is at work.
    Launched {
        /// The ralph.
        process: ProcessName,
    },
    /// A person works in its workspace; nobody else touches it.
    Held {
        /// Since when.
        since: Timestamp,
    },
    /// It ended; its work still lies in its own directories.
    Reported {
        /// How it ended.
        outcome: Outcome,
    },
    /// The vault has its work.
    Collected {
        /// How it ended.
        outcome: Outcome,
        /// What it left.
        harvest: Harvest,
    },
    /// What follows from it was decided.
    Judged {
        /// The clone holds what no snapshot could take.
        keeps_clone: bool,
    },
    /// Nothing of it is left but its run directory.
    Closed,
}

/// What the orchestrator found when it collected a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Harvest {
    /// The last snapshot, where there is one.
    pub tip: Option<String>,
    /// Lines added against the base.
    pub lines_added: u64,
    /// Lines deleted against the base.
    pub lines_deleted: u64,
    /// Files changed against the base.
    pub files_changed: u64,
    /// Protected files among them, at most a dozen.
    pub protected: Vec<String>,
    /// Tests deleted or moved out, at most a dozen.
    pub deleted_tests: Vec<String>,
    /// The end of the last red gate's output.
    pub gate_tail: Option<String>,
    /// What it named as failing, but for what fails on the base branch, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate_failures: Vec<Failure>,
    /// The last progress entry.
    pub last_progress: Option<String>,
    /// The clone holds what no snapshot could take (nested repositories, huge files).
    pub keeps_clone: bool,
    /// What no snapshot could take, at most a dozen.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// The repository says that it has no gate on purpose.
    #[serde(default)]
    pub waives_gate: bool,
    /// Its origin lies on another host, and nobody allowed unattended pushes there.
    #[serde(default)]
    pub push_needs_leave: bool,
    /// What its agent proposed to do beside the goal.
    #[serde(default)]
    pub follow_ups: Vec<FollowUp>,
}

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RunEvent {
    /// The goal is ours.
    Claimed,
    /// Clone and run directory stand.
    Prepared,
    /// A ralph is at work.
    Launched(ProcessName),
    /// Its workspace is a person's.
    Held(Timestamp),
    /// It ended, or could not begin.
    Reported(Outcome),
    /// The vault has its work.
    Collected(Harvest),
    /// What follows from it was decided.
    Judged,
    /// Its directories are gone, or kept for good.
    Closed,
}

impl RunEvent {
    /// A participle.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Prepared => "prepared",
            Self::Launched(_) => "launched",
            Self::Held(_) => "held",
            Self::Reported(_) => "reported",
            Self::Collected(_) => "collected",
            Self::Judged => "judged",
            Self::Closed => "closed",
        }
    }
}

impl RunState {
    /// A participle.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Claimed => "claimed",
            Self::Prepared => "prepared",
            Self::Launched { .. } => "launched",
            Self::Held { .. } => "held",
            Self::Reported { .. } => "reported",
            Self::Collected { .. } => "collected",
            Self::Judged { .. } => "judged",
            Self::Closed => "closed",
        }
    }

    /// The ralph that is at work.
    pub fn process(&self) -> Option<&ProcessName> {
        match self {
            Self::Launched { process } => Some(process),
            Self::Ordered
            | Self::Claimed
            | Self::Prepared
            | Self::Held { .. }
            | Self::Reported { .. }
            | Self::Collected { .. }
            | Self::Judged { .. }
            | Self::Closed => None,
        }
    }

    /// Whether it takes a slot: it may begin to work, or works.
    pub fn takes_slot(&self) -> bool {
        match self {
            Self::Ordered | Self::Claimed | Self::Prepared | Self::Launched { .. } => true,
            Self::Held { .. }
            | Self::Reported { .. }
            | Self::Collected { .. }
            | Self::Judged { .. }
            | Self::Closed => false,
        }
    }

    /// Whether nothing of it can still be at work: its processes are gone and its work is safe.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Judged { .. } | Self::Closed => true,
            Self::Ordered
            | Self::Claimed
            | Self::Prepared
            | Self::Launched { .. }
            | Self::Held { .. }
            | Self::Reported { .. }
            | Self::Collected { .. } => false,
        }
    }

    /// The state after `event`; the only place that makes one from another.
    pub fn next(&self, event: &RunEvent) -> Result<Self, IllegalEvent> {
        use RunEvent as E;
        use RunState as S;
        let next = match (self, event) {
            (S::Ordered, E::Claimed) => S::Claimed,
            (S::Claimed, E::Prepared) => S::Prepared,
            (S::Prepared, E::Launched(process)) => S::Launched { process: process.clone() },
            (S::Prepared, E::Held(since)) => S::Held { since: *since },
            (
                S::Ordered | S::Claimed | S::Prepared | S::Launched { .. } | S::Held { .. },
                E::Reported(outcome),
            ) => S::Reported { outcome: outcome.clone() },
            (S::Reported { outcome }, E::Collected(harvest)) => {
                S::Collected { outcome: outcome.clone(), harvest: harvest.clone() }
            }
            (S::Collected { harvest, .. }, E::Judged) => S::Judged { keeps_clone: harvest.keeps_clone },
            // Another orchestrator has the goal: nothing was begun.
            (S::Judged { .. } | S::Ordered, E::Closed) => S::Closed,
            (state, event) => {
                return Err(IllegalEvent { machine: "a run", state: state.word(), event: event.word() });
            }
        };
        Ok(next)
    }
}
