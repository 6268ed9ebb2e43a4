//! In which order goals are listed.

use std::cmp::Reverse;

use herder_domain::goal::{Goal, GoalState};
use herder_view::{Costs, turn};

use crate::args::Sort;

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
