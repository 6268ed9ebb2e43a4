//! What someone wants done in one repository, and the machine of its states.

mod document;
mod edit;
mod elsewhere;
mod lint;
mod machine;
pub(crate) mod outline;
mod similar;
mod text;
mod told;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use document::GoalDocument;
pub use edit::{GoalEdit, HeldBack, Revision, Wanted};
pub use elsewhere::Elsewhere;
pub use lint::{Finding, Severity, lint};
pub use machine::{GoalEvent, GoalState, SpotCheckReason, StuckCause};
pub use similar::{Likeness, likeness};
pub use text::{
    BadGoalText, DEADLINE, GoalOptions, GoalText, KEYS, MAX_BODY_BYTES, MAX_TITLE_CHARS, NOT_BEFORE, is_title,
};
pub use told::Told;

use crate::hand::Hold;
use crate::outcome::Outcome;
use crate::repo::{GoalRef, Number};
use crate::run::{RetryContext, RunId};
use crate::sight::OnForge;

/// A goal, with all that the planner needs to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Where it lives.
    pub id: GoalRef,
    /// One line.
    pub title: String,
    /// Its text, as it was pinned.
    pub body: String,
    /// The story that groups it.
    pub story: Option<Number>,
    /// What must have landed or been resolved before it starts.
    pub depends: Vec<GoalRef>,
    /// Someone asked for a look before it lands.
    pub wants_spot_check: bool,
    /// What its front matter asks for.
    pub options: GoalOptions,
    /// When it was written.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: GoalState,
    /// How many runs it ever had; the next run's attempt is one more.
    pub runs: u32,
    /// What happened since a person last queued it.
    pub series: Series,
    /// Not before this, after a failure or for a limit.
    pub retry_at: Option<Timestamp>,
    /// What the next prompt says of earlier runs.
    pub context: RetryContext,
    /// How its last runs ended, newest last, at most [`Goal::HISTORY_MAX`].
    pub history: Vec<RunNote>,
    /// An error that took it out of the planner's hands; a person's retry or cancel ends it.
    pub quarantine: Option<String>,
    /// A person has it in hand, or is about to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Hold>,
    /// A person's word that it is not to be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HeldBack>,
    /// What people said to it since it was written, oldest first, at most [`Told::KEPT`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
    /// Whose proposal it is, where no person wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<ProposedBy>,
    /// What is known of it on the forge that it lives on; absent where that is herder itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_forge: Option<OnForge>,
    /// Another orchestrator has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
    /// The deadline that it was found to have missed; it was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Timestamp>,
}

/// An agent's proposal: the run that made it, and that run's goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedBy {
    /// The goal that was worked at.
    pub goal: GoalRef,
    /// The run whose agent proposed it.
    pub run: RunId,
}

/// How one run of a goal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunNote {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a series of runs has been charged with; retry and reject open a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Runs that failed, bounces by a red gate included.
    pub failed: u32,
    /// Crashes of ralph, keeper or set-up.
    pub crashed: u32,
    /// Kills for memory.
    pub out_of_memory: u32,
    /// Ends for want of the provider, the network or the host.
    pub unreachable: u32,
    /// Bounces by conflict.
    pub conflicts: u32,
    /// Bounces by reviewers.
    #[serde(default)]
    pub changes: u32,
}

/// What a run's end is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// The goal: a failed run.
    Failed,
    /// Our infrastructure.
    Crashed,
    /// The machine's memory.
    OutOfMemory,
    /// The provider, the network, the host.
    Unreachable,
    /// Work of others that landed in between.
    Conflict,
    /// Reviewers who want it otherwise.
    Changes,
    /// Nobody.
    Nothing,
}

impl Series {
    /// The series with one more of `charge`.
    #[must_use]
    pub fn charged(mut self, charge: Charge) -> Self {
        match charge {
            Charge::Failed => self.failed += 1,
            Charge::Crashed => self.crashed += 1,
            Charge::OutOfMemory => self.out_of_memory += 1,
            Charge::Unreachable => self.unreachable += 1,
            Charge::Conflict => self.conflicts += 1,
            Charge::Changes => self.changes += 1,
            Charge::Nothing => {}
        }
        self
    }

    /// How many of `charge` there are.
    pub fn count(&self, charge: Charge) -> u32 {
        match charge {
            Charge::Failed => self.failed,
            Charge::Crashed => self.crashed,
            Charge::OutOfMemory => self.out_of_memory,
            Charge::Unreachable => self.unreachable,
            Charge::Conflict => self.conflicts,
            Charge::Changes => self.changes,
            Charge::Nothing => 0,
        }
    }
}

impl Goal {
    /// How many ends of runs are remembered.
    pub const HISTORY_MAX: usize = 12;

    /// A new draft.
    pub fn draft(id: GoalRef, text: GoalText, created_at: Timestamp) -> Self {
        Self {
            id,
            title: text.title,
            body: text.body,
            story: text.story,
            depends: text.depends,
            wants_spot_check: false,
            options: text.options,
            created_at,
            state: GoalState::Draft { note: None },
            runs: 0,
            series: Series::default(),
            retry_at: None,
            context: RetryContext::default(),
            history: Vec::new(),
            quarantine: None,
            taken: None,
            hold: None,
            told: Vec::new(),
            proposed_by: None,
            on_forge: None,
            elsewhere: None,
            overdue: None,
        }
    }

    /// Higher goes first.
    pub fn priority(&self) -> i32 {
        self.options.priority.unwrap_or(0)
    }

    /// By when it has to begin, where that is said; the end of time else.
    pub fn due(&self) -> Timestamp {
        self.options.deadline.unwrap_or(Timestamp::MAX)
    }

    /// What a forge would show as labels: `goal:STATE`, `spot-check` where a look was asked for, `held`.
    pub fn labels(&self) -> Vec<String> {
        let state = self.state.label().map(str::to_owned);
        let others = [("spot-check", self.wants_spot_check), ("held", self.hold.is_some())];
        let others = others.into_iter().filter(|(_, is_there)| *is_there).map(|(label, _)| label.to_owned());
        state.into_iter().chain(others).collect()
    }

    /// The run that the goal's state names: the one at work, in review or landed.
    pub fn current_run(&self) -> Option<&RunId> {
        self.state.run()
    }

    /// The runs that may be asked for again: the current one, and the one that a person who took the goal
    /// found there.
    pub fn named_runs(&self) -> impl Iterator<Item = &RunId> {
        self.state.run().into_iter().chain(self.taken.as_ref().and_then(|hold| hold.before.run()))
    }

    /// Whether `run` is the one that the goal is at work with.
    pub fn is_running(&self, run: &RunId) -> bool {
        matches!(&self.state, GoalState::Running { run: current } if current == run)
    }

    /// Whether the work of `run` is to land: the goal is at work with it, or a pull request offers it.
    pub fn is_landing(&self, run: &RunId) -> bool {
        self.is_running(run)
            || matches!(&self.state, GoalState::Offered { run: current, .. } if current == run)
    }
}
