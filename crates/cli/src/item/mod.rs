//! Goals and stories as text; their facts are `herder_view`'s.

mod comment;
mod goal;
mod story;
mod whole;

pub use comment::comments_text;
pub use goal::goal_table;
pub use story::story_table;
pub use whole::whole_text;

use herder_domain::ledger::Cost;

/// Money as people read it.
pub fn money(cost: Cost) -> String {
    cost.known().map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.2}"))
}
