//! What a goal's status comment is to say: gathered from the whole picture, the run's own files, and what its runs cost.

use herder_domain::gate::Verdict;
use herder_domain::goal::Goal;
use herder_domain::ledger::Cost;
use herder_domain::plan::{Wait, plan};
use herder_domain::run::Run;
use herder_domain::why::why;
use herder_store::{LedgerFilter, Settings, Store};
use jiff::Timestamp;

use super::UpError;
use crate::act::Announcement;
use crate::context::Context;
use crate::status::{AtWork, Figures, status};

/// The announcement of a goal as it stands now.
pub(super) fn announcement(
    context: &Context,
    store: &Store,
    planning: &Settings,
    goal: &Goal,
) -> Result<Announcement, UpError> {
    let now = Timestamp::now();
    let run = goal.current_run().map(|run| store.run(run)).transpose()?.flatten();
    let landing = run.as_ref().map(|run| store.landing(&run.id)).transpose()?.flatten();
    let phase = goal.phase(run.as_ref(), landing.as_ref()).unwrap_or_default();
    let mut world = store.world(planning)?;
    // The world holds settled goals only where something of them is left to do.
    world.goals.entry(goal.id.clone()).or_insert_with(|| goal.clone());
    let waits = match goal.state.queued_since() {
        Some(_) => plan(&world, now).waits.remove(&goal.id).unwrap_or_default(),
        None => Vec::new(),
    };
    let figures = figures(context, store, goal, run)?;
    let pull = landing.and_then(|landing| landing.offer).map(|offer| offer.pull);
    let status = status(goal, why(&world, &goal.id, now).as_ref(), &Figures { pull, ..figures });
    Ok(Announcement { goal: goal.id.clone(), status, phase, waits: Wait::in_words(&waits) })
}

fn figures(context: &Context, store: &Store, goal: &Goal, run: Option<Run>) -> Result<Figures, UpError> {
    let rows = store.ledger_rows(&LedgerFilter { goal: Some(goal.id.clone()), ..LedgerFilter::default() })?;
    let mut figures = Figures { spent: rows.iter().map(|row| row.cost).sum(), ..Figures::default() };
    let Some(run) = run else { return Ok(figures) };
    let dir = context.run_dir(&run.id);
    // What cannot be read is not told: the next edit may.
    let iterations = dir.iterations().unwrap_or_default();
    figures.gate = iterations.iter().rev().find_map(|one| one.gate.as_ref()).map(Verdict::word);
    let live = dir.status().ok().flatten().filter(|_| rows.iter().all(|row| row.run != run.id));
    figures.spent = figures.spent + live.as_ref().map_or(Cost::ZERO, |live| live.spend.cost);
    figures.at_work = run.takes_slot().then(|| AtWork {
        host: context.host.clone(),
        iteration: live.as_ref().map_or(0, |live| live.iteration),
        doing: match run.frozen() {
            Some(_) => "frozen",
            None => live.as_ref().map_or("starting", |live| live.state.as_str()),
        },
        run,
    });
    Ok(figures)
}
