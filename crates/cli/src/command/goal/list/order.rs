//! In which order goals are listed.

use std::cmp::Reverse;

use herder_domain::goal::{Goal, GoalState};
use jiff::Timestamp;

use crate::args::Sort;
use crate::item::Costs;

/// Sorts goals that come by repository and number; those that a key does not tell apart stay so.
pub(super) fn sort(goals: &mut [Goal], by: Option<Sort>, costs: &Costs) {
    match by {
        None => goals.sort_by_cached_key(turn),
        Some(Sort::Number) => {}
        Some(Sort::Priority) => goals.sort_by_key(|goal| Reverse(goal.priority())),
        Some(Sort::Created) => goals.sort_by_key(|goal| Reverse(goal.created_at)),
        Some(Sort::State) => goals.sort_by_key(|goal| place_of(goal.state.word())),
        Some(Sort::Runs) => goals.sort_by_key(|goal| Reverse(goal.runs)),
        Some(Sort::Cost) => goals.sort_by(|one, other| {
            let cost = |goal: &Goal| costs.of(goal).known().unwrap_or(f64::INFINITY);
            cost(other).total_cmp(&cost(one))
        }),
        Some(Sort::Title) => goals.sort_by_cached_key(|goal| goal.title.to_lowercase()),
    }
}

fn place_of(word: &str) -> usize {
    GoalState::WORDS.iter().position(|known| *known == word).unwrap_or(usize::MAX)
}

/// What waits for a person, what is at work, what comes next in the planner's order, drafts, and what is settled,
/// the newest first.
type Turn = (u8, Reverse<i32>, Timestamp, bool, Timestamp, Reverse<u64>);

fn turn(goal: &Goal) -> Turn {
    let plain = |group, priority, number| {
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
