//! `herder goal move`.

use herder_domain::event::What;
use herder_domain::goal::{Goal, GoalState, GoalText};
use herder_domain::repo::{GoalRef, Number, RepoId};
use serde_json::json;

use super::create::own_story;
use super::{load, record};
use crate::args::{Move, StoryChoice};
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Puts a goal into another story, or a draft into another repository.
pub fn move_(call: &Call, args: &Move) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.goal.number)?;
    match &args.to {
        Some(to) => {
            let to = place::named(&opened.store, to)?;
            if to == id.repo {
                return Err(Failure::refused(format!("{id} is in {} already", to.short()))
                    .hint("--story puts it into another story"));
            }
            let story = chosen(&opened, &to, args.story.as_ref())?;
            let goal = load(&opened, &id)?;
            transfer(call, &mut opened, &goal, &to, story)
        }
        None => {
            let story = chosen(&opened, &id.repo, args.story.as_ref())?;
            record(call, &mut opened, &id, What::GoalMoved { story })?;
            let said = story.map_or("is in no story".to_owned(), |story| format!("is in the story #{story}"));
            let json = json!({ "number": id.number, "repo": id.repo, "story": story });
            Reply::one(&json, format!("{id} {said}\n"))
        }
    }
}

/// The story that is chosen, which exists where the goal lives.
pub(super) fn chosen(
    opened: &Opened,
    repo: &RepoId,
    choice: Option<&StoryChoice>,
) -> Result<Option<Number>, Failure> {
    let Some(StoryChoice::One(reference)) = choice else { return Ok(None) };
    let number = own_story(opened, repo, reference)?;
    let id = GoalRef { repo: repo.clone(), number };
    match opened.store.story(&id)? {
        Some(_) => Ok(Some(number)),
        None => Err(Failure::not_found(format!("there is no story {id}"))
            .hint("`herder story list` shows the stories that there are")),
    }
}

fn transfer(
    call: &Call,
    opened: &mut Opened,
    goal: &Goal,
    to: &RepoId,
    story: Option<Number>,
) -> Result<Reply, Failure> {
    refuse_bound(opened, goal)?;
    let id = opened.store.transfer(goal, to, story, call.now)?;
    let (here, there) = (format!("Moved to {id}."), format!("Moved from {}.", goal.id));
    opened.store.comment(&goal.id, &call.author(), &here, None, call.now)?;
    opened.store.comment(&id, &call.author(), &there, None, call.now)?;
    herder_orchestrator::wake(&opened.state);
    let json = json!({ "number": id.number, "repo": id.repo, "status": "draft", "story": story });
    Reply::one(&json, format!("{id} is a draft; {} is cancelled, for it moved there\n", goal.id))
}

/// A goal that has worked somewhere, or that others name, stays where it is.
fn refuse_bound(opened: &Opened, goal: &Goal) -> Result<(), Failure> {
    let id = &goal.id;
    if !matches!(goal.state, GoalState::Draft { .. }) || goal.runs > 0 {
        return Err(Failure::refused(format!("{id} is more than a draft, and stays in its repository"))
            .hint("cancel it and write it in the other one"));
    }
    let dependents = opened.store.dependents(id)?;
    if let Some(first) = dependents.first() {
        return Err(Failure::refused(format!("{first} depends on {id}"))
            .hint(format!("`herder goal edit {} --depends ...` names something else first", first.number)));
    }
    let text = GoalText::read(&id.repo, &goal.title, &goal.body)?;
    if text.story.is_some() || text.depends.iter().any(|on| on.repo == id.repo) {
        return Err(Failure::refused(
            "its text names numbers of its repository, which mean others elsewhere",
        )
        .hint(format!("`herder goal edit {}` takes its lines \"Story:\" and \"Depends:\" out", id.number)));
    }
    Ok(())
}
