//! `herder goal list` and `herder goal show`.

use herder_store::GoalFilter;

use super::load;
use crate::args::{List, Named};
use crate::call::Call;
use crate::failure::Failure;
use crate::item::{Costs, GoalItem, WholeGoal, goal_table};
use crate::output::Reply;
use crate::place;

/// Lists goals.
pub fn list(call: &Call, args: List) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let repo = if args.everywhere.all { None } else { place::scope(call, &opened.store)? };
    let costs = Costs::read(&opened.state, &opened.store, repo.as_ref())?;
    let filter = GoalFilter { repo, states: args.state.into_iter().collect(), story: None, since: None };
    let goals = opened.store.goals(&filter)?;
    let items: Vec<GoalItem> = goals.iter().map(|goal| GoalItem::of(goal, &costs)).collect();
    Reply::list(&items, goal_table(&items))
}

/// Shows a goal whole.
pub fn show(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let whole = WholeGoal::of(&load(&opened, &id)?, &opened.state, &opened.store)?;
    Reply::one(&whole, whole.text())
}
