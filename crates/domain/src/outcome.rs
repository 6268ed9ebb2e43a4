//! How a run ended, and whose fault it was.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hand::HandEnd;

/// How a run ended. Written last into the run directory, as `outcome.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The agent claims that the goal is met and ralph's gate agreed, or there is none.
    Accepted {
        /// Whether a gate said so.
        gated: bool,
    },
    /// The agent claims that the goal is met, and the gate cannot tell: it is red, but so it is on the base
    /// branch itself, and it does not name what fails.
    Undecided {
        /// One sentence.
        detail: String,
    },
    /// The agent wants a person to look before it lands.
    NeedsReview {
        /// Its words.
        summary: String,
    },
    /// The agent cannot go on without an answer.
    Blocked {
        /// Its question.
        question: String,
    },
    /// The run failed; the third in a series makes the goal stuck.
    Failed {
        /// Why.
        cause: FailureCause,
        /// One sentence for the person who reads the post-mortem.
        detail: String,
    },
    /// The run ended by nobody's fault; it is queued again, uncounted.
    Interrupted {
        /// What came between.
        cause: Interruption,
        /// One sentence.
        detail: String,
    },
    /// A budget of money is spent: the goal is stuck at once.
    BudgetSpent {
        /// Which, and how much.
        detail: String,
    },
    /// The goal asks for something that cannot be: it goes back to draft.
    Misconfigured {
        /// What, for example an unknown model.
        detail: String,
    },
    /// A person worked at it, and gave it back.
    ByHand {
        /// Who.
        by: String,
        /// How it was given back.
        end: HandEnd,
    },
}

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// Its working time is spent.
    TimedOut,
    /// Its time by the wall clock is spent.
    TooOld,
    /// Its iterations are spent.
    IterationsSpent,
    /// Its tokens are spent.
    TokensSpent,
    /// The agent failed again and again.
    AgentFailed,
    /// Nothing changed over several iterations.
    NoProgress,
    /// Several iterations in a row ended with the same error.
    SameError,
    /// The files went to and fro between two states.
    Oscillating,
    /// The work no longer fits the model's context.
    ContextFull,
    /// The landing gate was red (recorded for a bounce).
    GateRed,
    /// Checks of the pull request were red (recorded for a bounce).
    ChecksRed,
}

/// What ended a run by nobody's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Interruption {
    /// An operator or the orchestrator stopped it.
    Stopped,
    /// The account's usage limit, known to be lifted at a time.
    UsageLimit {
        /// When it is lifted, where the agent said so.
        resets_at: Option<Timestamp>,
    },
    /// The provider is overloaded or cannot be reached.
    Unreachable,
    /// The account's login failed; its runs wait for a person.
    LoginFailed,
    /// Ralph or its keeper died.
    Crashed,
    /// What the repository needs before anything can work in it could not be set up.
    SetupFailed,
    /// The machine was restarted.
    HostRestarted,
    /// The kernel killed it for memory.
    OutOfMemory,
}

impl Outcome {
    /// The one word for `exit_reason` and for tables. `done` and `timeout` are the journal's own.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "done",
            Self::Undecided { .. } => "undecided",
            Self::NeedsReview { .. } => "needs_review",
            Self::Blocked { .. } => "blocked",
            Self::Failed { cause, .. } => cause.word(),
            Self::Interrupted { cause, .. } => cause.word(),
            Self::BudgetSpent { .. } => "budget",
            Self::Misconfigured { .. } => "misconfigured",
            Self::ByHand { end, .. } => end.word(),
        }
    }
}

impl FailureCause {
    /// The one word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::TooOld => "max_age",
            Self::IterationsSpent => "max_iterations",
            Self::TokensSpent => "max_tokens",
            Self::AgentFailed => "agent_failed",
            Self::NoProgress => "no_progress",
            Self::SameError => "same_error",
            Self::Oscillating => "oscillation",
            Self::ContextFull => "context_full",
            Self::GateRed => "gate_red",
            Self::ChecksRed => "checks_red",
        }
    }
}

impl Interruption {
    /// The one word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::UsageLimit { .. } => "usage_limit",
            Self::Unreachable => "unreachable",
            Self::LoginFailed => "login_failed",
            Self::Crashed => "crashed",
            Self::SetupFailed => "setup_failed",
            Self::HostRestarted => "host_restarted",
            Self::OutOfMemory => "out_of_memory",
        }
    }
}

impl Outcome {
    /// One sentence without a full stop, for prompts, comments and `herder why`.
    pub fn sentence(&self) -> String {
        match self {
            Self::Accepted { gated: true } => {
                "the agent claims that the goal is met and the gate is green".into()
            }
            Self::Accepted { gated: false } => {
                "the agent claims that the goal is met; there is no gate".into()
            }
            Self::Undecided { detail } => {
                format!("the agent claims that the goal is met, and the gate cannot tell: {detail}")
            }
            Self::NeedsReview { summary } => format!("the agent asks for a review: {summary}"),
            Self::Blocked { question } => format!("the agent asks: {question}"),
            Self::Failed { cause, detail } => format!("{}: {detail}", cause.word()),
            Self::Interrupted { cause, detail } => format!("{}: {detail}", cause.word()),
            Self::BudgetSpent { detail } => format!("budget spent: {detail}"),
            Self::Misconfigured { detail } => detail.clone(),
            Self::ByHand { by, end: HandEnd::Finished, .. } => format!("{by} finished it by hand"),
            Self::ByHand { by, end: HandEnd::Back, .. } => {
                format!("{by} worked at it by hand and gave it back")
            }
            Self::ByHand { by, end: HandEnd::Dropped, .. } => {
                format!("{by} worked at it by hand and dropped what was changed")
            }
        }
    }

    /// Whether the run counts as one of the three that a series may fail.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Failed { .. } => true,
            Self::Accepted { .. }
            | Self::Undecided { .. }
            | Self::NeedsReview { .. }
            | Self::Blocked { .. }
            | Self::Interrupted { .. }
            | Self::BudgetSpent { .. }
            | Self::Misconfigured { .. }
            | Self::ByHand { .. } => false,
        }
    }
}
