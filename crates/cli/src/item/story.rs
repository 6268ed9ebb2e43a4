//! Stories as a table.

use herder_domain::repo::GoalRef;
use herder_view::StoryItem;

use crate::output::Table;

/// Stories as a table.
pub fn story_table(items: &[StoryItem]) -> String {
    let mut table = Table::new(&["story", "state", "goals", "open", "title"]);
    for item in items {
        let id = GoalRef { repo: item.repo.clone(), number: item.number };
        table.row([
            id.to_string(),
            item.status.to_owned(),
            item.goals.to_string(),
            item.unsettled.to_string(),
            item.title.clone(),
        ]);
    }
    table.or("no stories")
}
