//! `herder goal hold` and `herder goal release`.

use herder_domain::event::{Event, What};
use serde_json::json;

use super::{load, refused};
use crate::args::{Hold, Several};
use crate::call::{Call, refuse_control};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Keeps goals from being started.
pub fn hold(call: &Call, args: &Hold) -> Result<Reply, Failure> {
    let reason = args.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    refuse_control("the reason", reason.unwrap_or_default())?;
    let what = What::GoalHeld { reason: reason.map(str::to_owned) };
    all(call, &args.goals, &what, "is held")
}

/// Lets held goals be started again.
pub fn release(call: &Call, args: &Several) -> Result<Reply, Failure> {
    all(call, args, &What::GoalReleased, "is released")
}

/// One word on several goals: all of them, or none.
fn all(call: &Call, args: &Several, what: &What, said: &str) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let found = args.numbers.iter().map(|number| place::goal(call, &opened.store, number));
    let ids = found.collect::<Result<Vec<_>, _>>()?;
    let events: Vec<Event> = ids.iter().map(|id| Event::of(id, what.clone())).collect();
    let recorded = opened.store.append_all(&events, call.now);
    herder_orchestrator::wake(&opened.state);
    recorded.map_err(|error| match ids.as_slice() {
        [only] => refused(error, only),
        [..] => Failure::from(error).hint("nothing was changed; name those alone for which it can be"),
    })?;
    let (mut items, mut text) = (Vec::new(), String::new());
    for id in &ids {
        let goal = load(&opened, id)?;
        text.push_str(&format!("{id} {said}{}\n", at_work(goal.state.word(), what)));
        items.push(json!({
            "number": id.number, "repo": id.repo, "status": goal.state.word(), "held": goal.hold.is_some()
        }));
    }
    Reply::list(&items, text)
}

fn at_work(state: &str, what: &What) -> &'static str {
    if state == "running" && matches!(what, What::GoalHeld { .. }) {
        "; the run at work goes on, and no other starts"
    } else {
        ""
    }
}
