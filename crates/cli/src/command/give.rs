//! `herder give`: a person gives a goal back that they took.

use herder_domain::event::{Event, What};
use herder_domain::goal::Goal;
use herder_domain::hand::HandEnd;
use herder_domain::repo::GoalRef;
use serde_json::json;

use crate::args::Give;
use crate::call::{Call, Opened, refuse_control};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Gives a goal back.
pub fn give(call: &Call, args: &Give) -> Result<Reply, Failure> {
    if let Some(say) = &args.say {
        refuse_control("--say", say)?;
    }
    let mut opened = call.open()?;
    let id = place::goal(call, &opened.store, &args.number)?;
    let end = match (args.back, args.drop) {
        (true, _) => HandEnd::Back,
        (false, true) => HandEnd::Dropped,
        (false, false) => HandEnd::Finished,
    };
    let goal = opened.store.goal(&id)?.filter(|goal| goal.taken.is_some());
    let Some(goal) = goal else {
        return Err(Failure::refused(format!("nobody has {id} in hand"))
            .hint(format!("`herder take {}` takes it", id.number)));
    };
    let run = match goal.current_run() {
        Some(run) => opened.store.run(run)?.filter(|run| run.is_held()),
        None => None,
    };
    let Some(run) = run else { return Err(not_in_hand(&id, &goal)) };
    let event = Event::of(&id, What::GoalGiven { run: run.id.clone(), end, say: args.say.clone() });
    opened.store.append(&event, call.now)?;
    herder_orchestrator::wake(&opened.state);
    let text = format!("{id} {}\n{}", meaning(end), whose_turn(&opened));
    Reply::one(&json!({ "number": id.number, "repo": id.repo, "run": run.id, "given": end }), text)
}

fn not_in_hand(id: &GoalRef, goal: &Goal) -> Failure {
    let n = id.number;
    Failure::refused(format!("the workspace of {id} is not anybody's now: the goal is {}", goal.state.word()))
        .hint(format!("`herder why {n}` says where it stands; `herder take {n}` waits for it"))
}

fn meaning(end: HandEnd) -> &'static str {
    match end {
        HandEnd::Finished => "is finished by hand: it is collected, asked the gate, and lands",
        HandEnd::Back => "goes back into the queue; a ralph goes on from your work",
        HandEnd::Dropped => "is as it was before; what was changed stays in the vault (`herder salvage`)",
    }
}

/// Nothing happens to it while no orchestrator is at work.
fn whose_turn(opened: &Opened) -> &'static str {
    match herder_orchestrator::holder(&opened.state) {
        Ok(None) => "no orchestrator is at work: `herder up` goes on with it\n",
        Ok(Some(_)) | Err(_) => "",
    }
}
