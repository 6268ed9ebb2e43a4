//! `herder story queue`.

use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::repo::GoalRef;
use herder_store::GoalFilter;
use serde_json::json;

use crate::args::Named;
use crate::call::{Call, Opened};
use crate::command::goal::{errors_of, findings};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Queues all drafts of a story, those first on which others depend; all of them, or none.
pub fn queue(call: &Call, args: &Named) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let story = place::story(call, &opened.store, &args.number)?;
    let filter = GoalFilter {
        repo: Some(story.repo.clone()),
        states: vec!["draft".to_owned()],
        story: Some(story.number),
        ..GoalFilter::default()
    };
    let drafts = in_order(opened.store.goals(&filter)?);
    refuse_errors(call, &opened, &story, &drafts)?;
    let events: Vec<Event> = drafts.iter().map(|goal| Event::of(&goal.id, What::GoalQueued)).collect();
    opened.store.append_all(&events, call.now)?;
    herder_orchestrator::wake(&opened.state);
    let items: Vec<_> = drafts
        .iter()
        .map(|goal| json!({ "number": goal.id.number, "repo": goal.id.repo, "status": "queued" }))
        .collect();
    let held = |goal: &Goal| if goal.hold.is_some() { ", and is held" } else { "" };
    let lines: String = drafts.iter().map(|goal| format!("{} is queued{}\n", goal.id, held(goal))).collect();
    let text = if lines.is_empty() { format!("the story {story} has no draft\n") } else { lines };
    Reply::list(&items, text)
}

/// Dependencies before those that depend on them, else by number. What is in a cycle comes last, and is refused.
fn in_order(mut left: Vec<Goal>) -> Vec<Goal> {
    let mut ordered: Vec<Goal> = Vec::new();
    while !left.is_empty() {
        let names: Vec<GoalRef> = left.iter().map(|goal| goal.id.clone()).collect();
        let is_free = |goal: &Goal| !goal.depends.iter().any(|on| names.contains(on));
        let place = left.iter().position(is_free).unwrap_or(0);
        ordered.push(left.remove(place));
    }
    ordered
}

fn refuse_errors(call: &Call, opened: &Opened, story: &GoalRef, drafts: &[Goal]) -> Result<(), Failure> {
    let mut errors = Vec::new();
    for goal in drafts {
        let found = errors_of(&findings(call, opened, &goal.into())?);
        errors.extend(found.into_iter().map(|error| format!("{}: {error}", goal.id)));
    }
    if errors.is_empty() {
        return Ok(());
    }
    let failure = Failure::refused(format!("not all goals of the story {story} can be queued"));
    let failure = errors.iter().fold(failure, |failure, error| failure.hint(error));
    Err(failure
        .hint("none was queued; `herder goal edit N` mends one, `herder goal queue N` queues one alone"))
}
