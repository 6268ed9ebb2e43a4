//! `herder goal queue`.

use herder_domain::event::What;
use herder_domain::goal::{Goal, GoalState};
use serde::Serialize;

use super::{load, record};
use crate::args::Several;
use crate::call::Call;
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

#[derive(Debug, Serialize)]
struct Queued {
    number: u64,
    repo: String,
    status: &'static str,
}

/// Queues goals, in the order in which they are named. All are looked up before the first one is queued.
pub fn queue(call: &Call, args: &Several) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let found = args.numbers.iter().map(|number| place::goal(call, &opened.store, number));
    let ids = found.collect::<Result<Vec<_>, _>>()?;
    let (mut items, mut text) = (Vec::new(), String::new());
    for id in ids {
        let what = queueing(&load(&opened, &id)?);
        record(call, &mut opened, &id, what).map_err(|failure| failure.hint(so_far(&text)))?;
        text.push_str(&format!("{id} is queued\n"));
        items.push(Queued { number: id.number.0, repo: id.repo.to_string(), status: "queued" });
    }
    Reply::list(&items, text)
}

/// A stuck goal begins a new series of runs.
fn queueing(goal: &Goal) -> What {
    match goal.state {
        GoalState::Stuck { .. } => What::GoalRetried,
        GoalState::Draft { .. }
        | GoalState::Queued { .. }
        | GoalState::Running { .. }
        | GoalState::Offered { .. }
        | GoalState::SpotCheck { .. }
        | GoalState::Done { .. }
        | GoalState::Cancelled
        | GoalState::Resolved => What::GoalQueued,
    }
}

fn so_far(text: &str) -> String {
    text.trim_end().replace('\n', ", ")
}
