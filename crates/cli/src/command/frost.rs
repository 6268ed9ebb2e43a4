//! `herder freeze` and `herder thaw`.

use herder_domain::event::{Event, What};
use herder_domain::frost::Chill;
use herder_domain::goal::GoalState;
use herder_domain::repo::GoalRef;
use herder_domain::run::RunId;
use serde_json::json;

use crate::args::Several;
use crate::call::{Call, Opened};
use crate::failure::Failure;
use crate::output::Reply;
use crate::place;

/// Has runs at work stand still.
pub fn freeze(call: &Call, args: &Several) -> Result<Reply, Failure> {
    let by = call.author();
    all(call, args, "is frozen", |run| What::RunFrozen { run, why: Chill::Person { by: by.clone() } })
}

/// Has runs that stand still go on.
pub fn thaw(call: &Call, args: &Several) -> Result<Reply, Failure> {
    all(call, args, "goes on", |run| What::RunThawed { run })
}

/// One word on the runs of several goals: all of them, or none.
fn all(call: &Call, args: &Several, said: &str, what: impl Fn(RunId) -> What) -> Result<Reply, Failure> {
    let mut opened = call.open()?;
    let found = args.numbers.iter().map(|number| place::goal(call, &opened.store, number));
    let ids = found.collect::<Result<Vec<_>, _>>()?;
    let runs = ids.iter().map(|id| at_work(&opened, id)).collect::<Result<Vec<_>, _>>()?;
    let events: Vec<Event> =
        ids.iter().zip(&runs).map(|(id, run)| Event::of(id, what(run.clone()))).collect();
    let recorded = opened.store.append_all(&events, call.now);
    herder_orchestrator::wake(&opened.state);
    recorded.map_err(|error| Failure::from(error).hint("`herder why NUMBER` says where a goal stands"))?;
    let pairs = || ids.iter().zip(&runs);
    let items = pairs().map(|(id, run)| json!({ "number": id.number, "repo": id.repo, "run": run }));
    let text = pairs().map(|(id, run)| format!("{id} {said}: run {run}\n"));
    let reply = Reply::list(&items.collect::<Vec<_>>(), text.collect::<String>())?;
    let is_alone = herder_orchestrator::holder(&opened.state).is_ok_and(|holder| holder.is_none());
    let warning = "no orchestrator is at work: it happens when the next `herder up` begins";
    Ok(reply.warning(is_alone.then(|| warning.to_owned()).into_iter().collect()))
}

fn at_work(opened: &Opened, id: &GoalRef) -> Result<RunId, Failure> {
    match opened.store.goal(id)?.map(|goal| goal.state) {
        Some(GoalState::Running { run }) => Ok(run),
        state => {
            let word = state.map_or("gone", |state| state.word());
            Err(Failure::usage(format!("{id} is {word}, and no run of it is at work"))
                .hint("`herder goal hold` keeps a goal from being started"))
        }
    }
}
