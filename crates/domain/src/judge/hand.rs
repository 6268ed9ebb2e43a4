//! What follows from a person's work by hand, and from a run that a person took the goal from.

use super::{Judgement, context};
use crate::goal::{Charge, Goal, SpotCheckReason};
use crate::hand::HandEnd;
use crate::outcome::Outcome;
use crate::run::Harvest;

/// Decides what follows from a run by hand. Whoever finished it has looked at it, so that only what they may
/// not have seen is asked about.
pub fn judge_by_hand(goal: &Goal, outcome: &Outcome, harvest: &Harvest) -> Judgement {
    match outcome {
        Outcome::ByHand { end: HandEnd::Finished, .. } => finished(harvest),
        Outcome::ByHand { end: HandEnd::Back, .. } => again(goal, outcome, harvest),
        // A workspace that could not be prepared, or was not yet when the orchestrator went down: nobody has
        // it in hand.
        Outcome::ByHand { end: HandEnd::Dropped, .. }
        | Outcome::Accepted { .. }
        | Outcome::Undecided { .. }
        | Outcome::NeedsReview { .. }
        | Outcome::Blocked { .. }
        | Outcome::Failed { .. }
        | Outcome::Interrupted { .. }
        | Outcome::BudgetSpent { .. }
        | Outcome::Misconfigured { .. } => Judgement::PutBack,
    }
}

/// Decides what follows from a run whose goal a person took meanwhile: whatever it came to, the person goes
/// on from there, and nobody is charged.
pub fn judge_taken_over(goal: &Goal, outcome: &Outcome, harvest: &Harvest) -> Judgement {
    again(goal, outcome, harvest)
}

fn finished(harvest: &Harvest) -> Judgement {
    let mut why = Vec::new();
    if harvest.files_changed == 0 {
        why.push(SpotCheckReason::NoDiff);
    }
    if !harvest.left_out.is_empty() {
        why.push(SpotCheckReason::LeftOut { paths: harvest.left_out.clone() });
    }
    if harvest.push_needs_leave {
        why.push(SpotCheckReason::PushNeedsLeave);
    }
    if why.is_empty() { Judgement::Land } else { Judgement::SpotCheck { why } }
}

fn again(goal: &Goal, outcome: &Outcome, harvest: &Harvest) -> Judgement {
    let context = context(goal, outcome.sentence(), harvest, harvest.last_progress.is_some());
    Judgement::Requeue { charge: Charge::Nothing, retry_at: None, context }
}
