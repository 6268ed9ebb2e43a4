//! In which order goals are told of.

use std::cmp::Reverse;

use herder_domain::goal::{Goal, GoalState};
use jiff::Timestamp;

/// The place of a goal in a list: what waits for a person, what is at work, what comes next in the planner's order,
/// drafts, and what is settled, the newest first.
pub fn turn(goal: &Goal) -> impl Ord + use<> {
    let plain = |group: u8, priority, number| {
        (group, Reverse(priority), Timestamp::MAX, false, Timestamp::MIN, Reverse(number))
    };
    let first = |group| plain(group, 0, u64::MAX);
    match &goal.state {
        GoalState::SpotCheck { .. } => first(0),
        GoalState::Stuck { .. } => first(1),
        GoalState::Running { .. } | GoalState::Offered { .. } => first(2),
        GoalState::Queued { since } => {
            (3, Reverse(goal.priority()), goal.due(), goal.runs > 0, *since, Reverse(u64::MAX))
        }
        GoalState::Draft { .. } => plain(4, goal.priority(), u64::MAX),
        GoalState::Done { .. } | GoalState::Cancelled | GoalState::Resolved => plain(5, 0, goal.id.number.0),
    }
}
