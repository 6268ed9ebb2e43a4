//! Goals as a table.

use herder_view::GoalItem;

use super::money;
use crate::output::{Table, Tint};

/// What a goal's state means to whoever looks over the list.
fn tint(standing: &str) -> Option<Tint> {
    let tints = [
        ("done", Tint::Good),
        ("offered", Tint::Good),
        ("spot-check", Tint::Attention),
        ("taken by", Tint::Attention),
        ("stuck", Tint::Bad),
    ];
    tints.into_iter().find_map(|(word, tint)| standing.starts_with(word).then_some(tint))
}

/// Goals as a table.
pub fn goal_table(items: &[GoalItem]) -> String {
    let mut table = Table::new(&["goal", "state", "runs", "cost", "title"]).tinted(1, tint);
    for item in items {
        let cost = if item.attempts == 0 { "-".to_owned() } else { money(item.cost) };
        table.row([
            item.id().to_string(),
            item.standing(),
            item.attempts.to_string(),
            cost,
            item.title.clone(),
        ]);
    }
    table.or("no goals")
}
