//! How a run may end, with every cause.

use herder_domain::hand::HandEnd;
use herder_domain::outcome::{FailureCause, Interruption, Outcome};

use super::{after, hand_ends};

every!(failure_causes -> FailureCause {
    FailureCause::TimedOut => FailureCause::TimedOut,
    FailureCause::TooOld => FailureCause::TooOld,
    FailureCause::IterationsSpent => FailureCause::IterationsSpent,
    FailureCause::TokensSpent => FailureCause::TokensSpent,
    FailureCause::AgentFailed => FailureCause::AgentFailed,
    FailureCause::NoProgress => FailureCause::NoProgress,
    FailureCause::SameError => FailureCause::SameError,
    FailureCause::Oscillating => FailureCause::Oscillating,
    FailureCause::ContextFull => FailureCause::ContextFull,
    FailureCause::GateRed => FailureCause::GateRed,
    FailureCause::ChecksRed => FailureCause::ChecksRed,
});

every!(interruptions -> Interruption {
    Interruption::Stopped => Interruption::Stopped,
    Interruption::UsageLimit { .. } => Interruption::UsageLimit { resets_at: Some(after(3_600)) },
    Interruption::Unreachable => Interruption::Unreachable,
    Interruption::LoginFailed => Interruption::LoginFailed,
    Interruption::Crashed => Interruption::Crashed,
    Interruption::SetupFailed => Interruption::SetupFailed,
    Interruption::HostRestarted => Interruption::HostRestarted,
    Interruption::OutOfMemory => Interruption::OutOfMemory,
});

every!(outcome_kinds -> Outcome {
    Outcome::Accepted { .. } => Outcome::Accepted { gated: true },
    Outcome::NeedsReview { .. } => Outcome::NeedsReview { summary: "is this so?".into() },
    Outcome::Blocked { .. } => Outcome::Blocked { question: "which list?".into() },
    Outcome::Failed { .. } => failed(FailureCause::TimedOut),
    Outcome::Interrupted { .. } => interrupted(Interruption::Stopped),
    Outcome::BudgetSpent { .. } => Outcome::BudgetSpent { detail: "$2.50 of $2.50".into() },
    Outcome::Misconfigured { .. } => Outcome::Misconfigured { detail: "no model \"opsu\"".into() },
    Outcome::ByHand { .. } => Outcome::ByHand { by: "ada".into(), end: HandEnd::Finished },
    Outcome::Undecided { .. } => Outcome::Undecided { detail: "the base itself is red".into() },
});

pub fn failed(cause: FailureCause) -> Outcome {
    Outcome::Failed { cause, detail: "4h are spent".into() }
}

pub fn failed_by_time() -> Outcome {
    failed(FailureCause::TimedOut)
}

pub fn interrupted(cause: Interruption) -> Outcome {
    Outcome::Interrupted { cause, detail: "it came between".into() }
}

/// Every outcome with every cause.
pub fn outcomes() -> Vec<Outcome> {
    let mut all = outcome_kinds();
    all.push(Outcome::Accepted { gated: false });
    all.extend(failure_causes().into_iter().map(failed));
    all.extend(interruptions().into_iter().map(interrupted));
    all.push(interrupted(Interruption::UsageLimit { resets_at: None }));
    all.extend(hand_ends().into_iter().map(|end| Outcome::ByHand { by: "ada".into(), end }));
    all
}
