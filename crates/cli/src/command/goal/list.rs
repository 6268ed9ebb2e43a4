//! `herder goal list` and `herder goal show`.

mod order;

use std::collections::BTreeSet;

use herder_domain::goal::{Goal, GoalState};
use herder_store::GoalFilter;
use herder_view::{Costs, GoalItem, WholeGoal};

use super::load;
use super::moving::chosen;
use crate::args::{List, Named, StoryChoice};
use crate::call::Call;
use crate::failure::Failure;
use crate::item::{goal_table, whole_text};
use crate::output::Reply;
use crate::place;

/// Lists goals.
pub fn list(call: &Call, args: List) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let repo = if args.everywhere.all { None } else { place::scope(call, &opened.store)? };
    let costs = Costs::read(&opened.state, &opened.store, repo.as_ref())?;
    let story = match (&args.story, &repo) {
        (Some(StoryChoice::One(reference)), None) => Some(place::story(call, &opened.store, reference)?),
        (choice, Some(repo)) => chosen(&opened, repo, choice.as_ref())?
            .map(|number| herder_domain::repo::GoalRef { repo: repo.clone(), number }),
        (Some(StoryChoice::None) | None, None) => None,
    };
    let filter = GoalFilter {
        repo: story.as_ref().map(|story| story.repo.clone()).or(repo),
        states: args.state.iter().chain(&args.states).cloned().collect(),
        story: story.map(|story| story.number),
        since: args.since.map(|since| since.moment(call.now)),
    };
    let mut goals = opened.store.goals(&filter)?;
    goals.retain(|goal| is_wanted(goal, &args));
    order::sort(&mut goals, args.sort, &costs);
    if args.reverse {
        goals.reverse();
    }
    goals.truncate(args.limit.unwrap_or(usize::MAX));
    let pauses = opened.store.pauses()?;
    let runs = opened.store.active_runs()?;
    let item = |goal| GoalItem::of(goal, &costs).among(&runs).under(goal, &pauses, call.now);
    let items: Vec<GoalItem> = goals.iter().map(item).collect();
    let waits = goals.iter().any(|goal| matches!(goal.state, GoalState::Queued { .. }));
    let going = herder_orchestrator::going(&opened.state, &opened.store).ok().flatten().filter(|_| waits);
    let warnings =
        going.map(|_| "the orchestrator is going: what is queued waits for the next `herder up`".to_owned());
    Ok(Reply::list(&items, goal_table(&items) + &pauses_text(&items))?
        .warning(warnings.into_iter().collect()))
}

/// The pauses that keep listed goals from starting, a line each.
fn pauses_text(items: &[GoalItem]) -> String {
    let held = items.iter().filter_map(|item| Some(format!("{}\n", item.paused.as_ref()?)));
    held.collect::<BTreeSet<String>>().into_iter().collect()
}

/// What is not asked of the database.
fn is_wanted(goal: &Goal, args: &List) -> bool {
    let labels = goal.labels();
    (!args.held || goal.hold.is_some())
        && (args.story != Some(StoryChoice::None) || goal.story.is_none())
        && args.label.iter().all(|label| labels.contains(label))
}

/// Shows a goal whole.
pub fn show(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let whole = WholeGoal::of(&load(&opened, &id)?, &opened.state, &opened.store)?;
    Reply::one(&whole, whole_text(&whole))
}
