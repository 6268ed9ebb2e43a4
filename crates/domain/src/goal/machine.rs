//! The goal's states and its one transition function.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::illegal::IllegalEvent;
use crate::repo::Number;
use crate::run::RunId;

/// Where a goal stands. Each state but the last two is a label `goal:<state>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum GoalState {
    /// Being written.
    Draft {
        /// Why it came back, where it did.
        note: Option<String>,
    },
    /// Waiting for its turn.
    Queued {
        /// When it was queued.
        since: Timestamp,
    },
    /// A run is at work, or its work is landing.
    Running {
        /// The run.
        run: RunId,
    },
    /// Waiting for a person's look.
    SpotCheck {
        /// The run whose work it is.
        run: RunId,
        /// Why a person is to look.
        why: Vec<SpotCheckReason>,
    },
    /// A pull request offers its work; it is followed until that is merged. Its label is that of done.
    Offered {
        /// The run whose work it is.
        run: RunId,
        /// The pull request.
        pull: Number,
    },
    /// Landed.
    Done {
        /// The run whose work it is.
        run: RunId,
        /// The commit on the base branch.
        commit: String,
    },
    /// Given up until a person acts.
    Stuck {
        /// Why.
        cause: StuckCause,
        /// One sentence.
        detail: String,
    },
    /// Closed as not planned.
    Cancelled,
    /// Closed as completed, by a person.
    Resolved,
}

/// Why a person is to look at finished work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum SpotCheckReason {
    /// The goal asks for it.
    Requested,
    /// The agent asks for it.
    NeedsReview {
        /// Its words.
        summary: String,
    },
    /// The agent asks a question.
    Question {
        /// Its question.
        question: String,
    },
    /// The repository has no gate, so nothing checked the work.
    NoGate,
    /// The gate is red on the base branch itself and does not name what fails, so nothing tells what the
    /// work breaks from what was broken.
    BaseRed,
    /// Nothing was changed: is there nothing to do?
    NoDiff,
    /// Something lies in the clone that no snapshot takes, so it will not land.
    LeftOut {
        /// What, at most a dozen.
        paths: Vec<String>,
    },
    /// Protected files were changed.
    ProtectedPaths {
        /// Which, at most a dozen.
        paths: Vec<String>,
    },
    /// Tests were deleted or moved out.
    DeletedTests {
        /// Which, at most a dozen.
        paths: Vec<String>,
    },
    /// The origin lies on another host, and nobody allowed unattended pushes there.
    PushNeedsLeave,
}

impl fmt::Display for SpotCheckReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("the goal asks for a look"),
            Self::NeedsReview { summary } => write!(f, "the agent asks for a review: {summary}"),
            Self::Question { question } => write!(f, "the agent asks: {question}"),
            Self::NoGate => f.write_str("the repository has no gate"),
            Self::BaseRed => f.write_str("the base itself is red, and its gate does not name failures"),
            Self::NoDiff => f.write_str("nothing was changed: is there nothing to do?"),
            Self::LeftOut { paths } => {
                write!(f, "no commit can take these, and they will not land: {}", paths.join(", "))
            }
            Self::ProtectedPaths { paths } => write!(f, "protected files were changed: {}", paths.join(", ")),
            Self::DeletedTests { paths } => write!(f, "tests were deleted: {}", paths.join(", ")),
            Self::PushNeedsLeave => f.write_str(
                "the origin is on another host and `repo add --push` was not said: approving pushes",
            ),
        }
    }
}

/// Why a goal was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StuckCause {
    /// The third run of the series failed.
    Failed,
    /// Crashes reached their cap.
    Crashed,
    /// Kills for memory reached their cap: too big for this machine.
    TooBig,
    /// Ends for want of the provider, network or host reached their cap.
    Unreachable,
    /// Conflicts with others' work reached their cap.
    Conflicts,
    /// A budget of money is spent.
    BudgetSpent,
    /// Finished work could not be brought to its origin.
    Undeliverable,
    /// Reviewers wanted it otherwise too often.
    Changes,
    /// A person closed its pull request without merging it.
    ClosedUnmerged,
}

impl StuckCause {
    /// What it is called in a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "its runs failed",
            Self::Crashed => "its runs crashed",
            Self::TooBig => "it is too big for this machine's memory",
            Self::Unreachable => "the provider or the host was away too often",
            Self::Conflicts => "it conflicted with others' work too often",
            Self::BudgetSpent => "its budget is spent",
            Self::Undeliverable => "its work could not be brought to the origin",
            Self::Changes => "reviewers asked for changes too often",
            Self::ClosedUnmerged => "its pull request was closed without being merged",
        }
    }
}

/// What can happen to a goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoalEvent {
    /// A person queued it.
    Queued(Timestamp),
    /// A person queued it again after it got stuck.
    Retried(Timestamp),
    /// A person changed its text, or what it asks for.
    Edited,
    /// A person closed it as not planned.
    Cancelled,
    /// A person closed it as completed.
    Resolved,
    /// A run was ordered.
    Started(RunId),
    /// A run ended, or its work bounced, and it is to be tried again.
    Requeued(Timestamp),
    /// Finished work needs a person.
    SentToSpotCheck(RunId, Vec<SpotCheckReason>),
    /// A person wants the work landed.
    Approved,
    /// A person wants the work done over.
    Rejected(Timestamp),
    /// It was given up.
    GotStuck(StuckCause, String),
    /// It cannot run as it is written.
    ReturnedToDraft(String),
    /// A pull request offers its work.
    Offered(Number),
    /// The work of this run is part of the base branch, as this commit.
    Landed(RunId, String),
    /// A person takes it into their own hands.
    TakenUp(Timestamp),
    /// Nothing came of a person's work: it stands where it stood.
    PutBack(Box<GoalState>),
    /// Its work is on its way out of the base branch.
    Undoing,
    /// A person took it off the queue, or stopped it; with a sentence that says who.
    Shelved(String),
    /// A person opened it again after it was settled.
    Reopened,
}

impl GoalEvent {
    /// A participle.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued(_) => "queued",
            Self::Retried(_) => "retried",
            Self::Edited => "edited",
            Self::Cancelled => "cancelled",
            Self::Resolved => "resolved",
            Self::Started(_) => "started",
            Self::Requeued(_) => "queued again",
            Self::SentToSpotCheck(..) => "sent to spot-check",
            Self::Approved => "approved",
            Self::Rejected(_) => "rejected",
            Self::GotStuck(..) => "given up",
            Self::ReturnedToDraft(_) => "returned to draft",
            Self::Offered(_) => "offered",
            Self::Landed(..) => "landed",
            Self::TakenUp(_) => "taken up",
            Self::PutBack(_) => "put back",
            Self::Undoing => "undone",
            Self::Shelved(_) => "shelved",
            Self::Reopened => "reopened",
        }
    }
}

/// Why a queued goal is a draft again.
const EDITED: &str = "its text was edited, and what runs is what was queued: queue it again";

impl GoalState {
    /// The word of the label, or of the closing.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Draft { .. } => "draft",
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::SpotCheck { .. } => "spot-check",
            Self::Offered { .. } => "offered",
            Self::Done { .. } => "done",
            Self::Stuck { .. } => "stuck",
            Self::Cancelled => "cancelled",
            Self::Resolved => "resolved",
        }
    }

    /// All words, in the order of a goal's life.
    pub const WORDS: [&'static str; 9] =
        ["draft", "queued", "running", "spot-check", "offered", "done", "stuck", "cancelled", "resolved"];

    /// The label that a forge shows for it, where it has one. Offered work is done as far as people are
    /// concerned: what is left is the forge's.
    pub fn label(&self) -> Option<&'static str> {
        match self {
            Self::Draft { .. } => Some("goal:draft"),
            Self::Queued { .. } => Some("goal:queued"),
            Self::Running { .. } => Some("goal:running"),
            Self::SpotCheck { .. } => Some("goal:spot-check"),
            Self::Offered { .. } | Self::Done { .. } => Some("goal:done"),
            Self::Stuck { .. } => Some("goal:stuck"),
            Self::Cancelled | Self::Resolved => None,
        }
    }

    /// The run that it names: the one at work, in review or landed.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Running { run }
            | Self::SpotCheck { run, .. }
            | Self::Offered { run, .. }
            | Self::Done { run, .. } => Some(run),
            Self::Draft { .. }
            | Self::Queued { .. }
            | Self::Stuck { .. }
            | Self::Cancelled
            | Self::Resolved => None,
        }
    }

    /// Whether nothing more will happen to it by itself.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Cancelled | Self::Resolved => true,
            Self::Draft { .. }
            | Self::Queued { .. }
            | Self::Running { .. }
            | Self::SpotCheck { .. }
            | Self::Offered { .. }
            | Self::Stuck { .. } => false,
        }
    }

    /// Whether an orchestrator has something to do about it.
    pub fn moves_by_itself(&self) -> bool {
        match self {
            Self::Queued { .. } | Self::Running { .. } | Self::Offered { .. } => true,
            Self::Draft { .. }
            | Self::SpotCheck { .. }
            | Self::Done { .. }
            | Self::Stuck { .. }
            | Self::Cancelled
            | Self::Resolved => false,
        }
    }

    /// Whether a person may take it from here, and it may come back here.
    fn can_be_taken(&self) -> bool {
        match self {
            Self::Draft { .. } | Self::Queued { .. } | Self::SpotCheck { .. } | Self::Stuck { .. } => true,
            Self::Running { .. }
            | Self::Offered { .. }
            | Self::Done { .. }
            | Self::Cancelled
            | Self::Resolved => false,
        }
    }

    /// The question that it waits for an answer to.
    pub fn question(&self) -> Option<&str> {
        let Self::SpotCheck { why, .. } = self else { return None };
        why.iter().find_map(|reason| match reason {
            SpotCheckReason::Question { question } => Some(question.as_str()),
            SpotCheckReason::Requested
            | SpotCheckReason::NeedsReview { .. }
            | SpotCheckReason::BaseRed
            | SpotCheckReason::NoGate
            | SpotCheckReason::NoDiff
            | SpotCheckReason::LeftOut { .. }
            | SpotCheckReason::ProtectedPaths { .. }
            | SpotCheckReason::DeletedTests { .. }
            | SpotCheckReason::PushNeedsLeave => None,
        })
    }

    /// When it was queued, for a goal that waits for its turn.
    pub fn queued_since(&self) -> Option<Timestamp> {
        match self {
            Self::Queued { since } => Some(*since),
            Self::Draft { .. }
            | Self::Running { .. }
            | Self::SpotCheck { .. }
            | Self::Offered { .. }
            | Self::Done { .. }
            | Self::Stuck { .. }
            | Self::Cancelled
            | Self::Resolved => None,
        }
    }

    /// The state after `event`; the only place that makes one from another.
    pub fn next(&self, event: &GoalEvent) -> Result<Self, IllegalEvent> {
        use GoalEvent as E;
        use GoalState as S;
        let next = match (self, event) {
            (S::Draft { .. }, E::Queued(at)) => S::Queued { since: *at },
            (S::Stuck { .. }, E::Retried(at)) => S::Queued { since: *at },
            (S::Draft { .. }, E::Edited) => S::Draft { note: None },
            // The text is pinned by its queueing: another text has to be queued anew.
            (S::Queued { .. }, E::Edited) => S::Draft { note: Some(EDITED.into()) },
            (S::Running { .. } | S::SpotCheck { .. } | S::Offered { .. } | S::Stuck { .. }, E::Edited) => {
                self.clone()
            }
            (S::Queued { .. }, E::Started(run)) => S::Running { run: run.clone() },
            (S::Draft { .. } | S::Queued { .. }, E::ReturnedToDraft(note)) => {
                S::Draft { note: Some(note.clone()) }
            }
            (
                S::Queued { .. } | S::Running { .. } | S::SpotCheck { .. } | S::Stuck { .. },
                E::Shelved(note),
            ) => S::Draft { note: Some(note.clone()) },
            (S::Done { .. } | S::Cancelled | S::Resolved, E::Reopened) => S::Draft { note: None },
            (S::Running { .. } | S::Offered { .. }, E::Requeued(at)) => S::Queued { since: *at },
            (S::Running { run } | S::Offered { run, .. }, E::SentToSpotCheck(of, why)) if run == of => {
                S::SpotCheck { run: run.clone(), why: why.clone() }
            }
            (S::Running { run } | S::Offered { run, .. }, E::Offered(pull)) => {
                S::Offered { run: run.clone(), pull: *pull }
            }
            (S::Queued { .. } | S::Running { .. } | S::Offered { .. }, E::GotStuck(cause, detail)) => {
                S::Stuck { cause: *cause, detail: detail.clone() }
            }
            (S::Running { .. }, E::ReturnedToDraft(note)) => S::Draft { note: Some(note.clone()) },
            // Whatever became of the goal since its work was offered, a person may merge that.
            (state, E::Landed(run, commit)) if !state.is_settled() => {
                S::Done { run: run.clone(), commit: commit.clone() }
            }
            (S::SpotCheck { run, .. }, E::Approved) => S::Running { run: run.clone() },
            (S::SpotCheck { .. }, E::Rejected(at)) => S::Queued { since: *at },
            (S::Done { .. }, E::Requeued(at)) => S::Queued { since: *at },
            (S::Draft { .. } | S::SpotCheck { .. } | S::Stuck { .. }, E::TakenUp(at)) => {
                S::Queued { since: *at }
            }
            (S::Running { .. }, E::PutBack(before)) if before.can_be_taken() => S::clone(before),
            (S::Done { run, .. }, E::Undoing) => S::Running { run: run.clone() },
            (state, E::Cancelled) if !state.is_settled() => S::Cancelled,
            // GitHub closes the issue when it merges the pull request: that alone says what became of it.
            (state, E::Resolved) if !state.is_settled() && !matches!(state, S::Offered { .. }) => S::Resolved,
            (state, event) => {
                return Err(IllegalEvent { machine: "a goal", state: state.word(), event: event.word() });
            }
        };
        Ok(next)
    }
}
