//! A spot-check at which nobody looks is told of again, as urgent.

use std::time::Duration;

use jiff::Timestamp;

use crate::effect::{Effect, Once};
use crate::goal::{Goal, GoalState};
use crate::level::Level;

/// What follows of a goal that waits for a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Escalation {
    /// Nothing: it does not wait, or somebody has it in hand.
    Nothing,
    /// It is not time yet.
    At(Timestamp),
    /// It is told of again, once.
    Now(Effect),
}

/// Looks at a goal that stands where it does since a time, where it is to be told of again after so long.
pub fn escalation(goal: &Goal, since: Timestamp, after: Duration, now: Timestamp) -> Escalation {
    let is_waiting = matches!(goal.state, GoalState::SpotCheck { .. });
    if !is_waiting || goal.taken.is_some() || goal.quarantine.is_some() {
        return Escalation::Nothing;
    }
    let due = since.checked_add(after).unwrap_or(Timestamp::MAX);
    if due > now {
        return Escalation::At(due);
    }
    let number = goal.id.number;
    Escalation::Now(Effect::Notify {
        goal: goal.id.clone(),
        key: format!("escalated/{since}"),
        title: format!("{} still waits for a spot-check: {}", goal.id, goal.title),
        message: format!(
            "It waits since {since:.0}, and nobody has looked at it. `herder why {number}` says why, `herder goal approve \
             {number}` lands it, `herder goal reject {number} --feedback \"...\"` sends it back."
        ),
        level: Level::Urgent,
        once: Once::Goal,
    })
}
