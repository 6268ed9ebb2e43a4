//! What ran when a backup was made does not run any more: each such run is recorded as stopped, so that its goal is
//! queued again, uncounted, and its work is taken up.

use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::repo::GoalRef;
use herder_domain::run::{Run, RunId, RunState};
use herder_record::{Abandoned, Redactor, RunDir, StateDir};
use herder_store::Store;
use herder_workspace::PrivateGit;
use jiff::Timestamp;

use super::restore::RestoreError;
use crate::act::process_id;

/// Ends the runs of a restored database on paper. `made` is where it lies now, `state` where it will lie.
pub(super) fn requeue(
    store: &mut Store,
    made: &StateDir,
    state: &StateDir,
    now: Timestamp,
) -> Result<Vec<GoalRef>, RestoreError> {
    let runs = store.active_runs()?;
    runs.iter().try_for_each(refuse_living)?;
    let redactor = Redactor::new(std::iter::empty::<&str>())?;
    let mut goals = Vec::new();
    for run in runs {
        let dir = RunDir::of(made, run.id.clone());
        let vault = state.vault(&run.goal.repo);
        PrivateGit::move_lender(&dir.git_dir(), &vault)?;
        match &run.state {
            // Its effect prepares it from the beginning, here.
            RunState::Ordered | RunState::Claimed => forget(&dir)?,
            RunState::Prepared => {
                let outcome = settled(&dir, now, &redactor)?;
                finish_launch(store, &run, outcome, now)?;
            }
            // Its clone is not in the backup: what a ralph or a person did after the last snapshot stays behind.
            RunState::Launched { .. } | RunState::Held { .. } => {
                let outcome = settled(&dir, now, &redactor)?;
                store.append(&reported(&run, outcome), now)?;
            }
            // Its outcome is recorded; what follows is in the outbox.
            RunState::Reported { .. }
            | RunState::Collected { .. }
            | RunState::Judged { .. }
            | RunState::Closed => {}
        }
        goals.push(run.goal);
    }
    Ok(goals)
}

/// A run of the backup that goes on elsewhere on this machine would be worked on twice.
fn refuse_living(run: &Run) -> Result<(), RestoreError> {
    let Some(process) = run.state.process() else { return Ok(()) };
    match process_id(process).is_alive() {
        Ok(true) => Err(RestoreError::StillAtWork { goal: run.goal.clone(), pid: process.pid }),
        Ok(false) | Err(_) => Ok(()),
    }
}

fn forget(dir: &RunDir) -> Result<(), RestoreError> {
    match fs_err::remove_dir_all(dir.path()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The outcome that the run wrote after the database was copied, or that it was stopped, which is written down in
/// its name.
fn settled(dir: &RunDir, now: Timestamp, redactor: &Redactor) -> Result<Outcome, RestoreError> {
    if let Some(ending) = dir.ending()? {
        return Ok(ending.outcome);
    }
    let detail = "it was at work when the backup was made".to_owned();
    let stopped = Outcome::Interrupted { cause: Interruption::Stopped, detail };
    if let Some(abandoned) = Abandoned::take(dir.clone())? {
        abandoned.settle(stopped.clone(), now, redactor)?;
    }
    Ok(stopped)
}

fn reported(run: &Run, outcome: Outcome) -> Event {
    Event::of(&run.goal, What::RunReported { run: run.id.clone(), outcome })
}

/// What the launch would have come to.
fn finish_launch(store: &mut Store, run: &Run, outcome: Outcome, now: Timestamp) -> Result<(), RestoreError> {
    let is_its_launch =
        |effect: &Effect, id: &RunId| matches!(effect, Effect::Launch { run, .. } if run == id);
    let open = store.open_effects()?.into_iter().find(|open| is_its_launch(&open.effect, &run.id));
    match open {
        Some(open) => store.finish(&open.key, &[reported(run, outcome)], now).map(drop)?,
        None => store.append(&reported(run, outcome), now).map(drop)?,
    }
    Ok(())
}
