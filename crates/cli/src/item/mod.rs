//! Goals, runs, stories and repositories as they are shown: the same facts as JSON and as text.

mod comment;
mod goal;
mod run;
mod story;
mod whole;

pub use comment::{CommentItem, comments_text};
pub use goal::{Costs, GoalItem, goal_table};
pub use story::{StoryItem, story_table};
pub use whole::WholeGoal;

use herder_domain::ledger::Cost;

/// Money as people read it.
pub fn money(cost: Cost) -> String {
    cost.known().map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.2}"))
}
