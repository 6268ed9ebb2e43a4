//! Going down: every ralph is stopped at the same time, its work is collected, its goal is queued
//! again, uncounted. What cannot be done in time stays open in the database for the next `up`.

use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use herder_domain::capacity::Admission;
use herder_domain::effect::Effect;
use herder_domain::event::{Event, What};
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::{Run, RunState};
use herder_executor::EndSignal;
use jiff::Timestamp;

use super::UpError;
use super::daemon::{Course, Daemon};
use super::inbox::Message;
use crate::act::{end_ralph, process_id};
use crate::told::Told;

/// How long going down may take: ten seconds of grace for the ralphs, and the rest for their work.
const LIMIT: Duration = Duration::from_secs(40);

pub(super) fn shut_down(daemon: &mut Daemon) -> Result<(), UpError> {
    daemon.say(&Told::note(Timestamp::now(), "going down: ralphs are stopped, their work is kept"));
    daemon.course = Course::Stopping;
    daemon.planning.capacity.admission = Admission::Draining;
    let deadline = Instant::now() + LIMIT;
    loop {
        withdraw_unbegun(daemon)?;
        daemon.step()?;
        for run in daemon.store.active_runs()? {
            if daemon.stopped.insert(run.id.clone()) && !stop(&run) {
                daemon.stopped.remove(&run.id);
            }
        }
        if is_down(daemon)? {
            break;
        }
        match daemon.inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Message::Told) => {
                kill_all(daemon)?;
                break;
            }
            Ok(message) => daemon.take(message)?,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    daemon.say(&Told::note(Timestamp::now(), "herder is down"));
    Ok(())
}

/// Stops a ralph from a thread of its own; gives whether there is one to stop.
fn stop(run: &Run) -> bool {
    let Some(process) = run.state.process().map(process_id) else {
        return false;
    };
    // The watcher reports its end, however it comes about.
    thread::Builder::new().name("stop".into()).spawn(move || end_ralph(&process)).is_ok()
}

/// Kills every ralph, and says that we did: a run that a person cut off has not crashed. Its work is
/// collected by the next `up`.
fn kill_all(daemon: &mut Daemon) -> Result<(), UpError> {
    for run in daemon.store.active_runs()? {
        let Some(process) = run.state.process() else { continue };
        // One that is gone needs no signal.
        let _ = process_id(process).signal(EndSignal::Kill);
        let detail = "it was killed: the orchestrator was told twice to stop".into();
        let outcome = Outcome::Interrupted { cause: Interruption::Stopped, detail };
        daemon.append(&Event::of(&run.goal, What::RunReported { run: run.id, outcome }))?;
    }
    Ok(())
}

/// Runs that have not begun go back into the queue at once.
pub(super) fn withdraw_unbegun(daemon: &mut Daemon) -> Result<(), UpError> {
    for run in daemon.store.active_runs()? {
        let (goal, id) = (run.goal.clone(), run.id.clone());
        let effect = match &run.state {
            RunState::Ordered => Effect::Claim { goal, run: id },
            RunState::Claimed => Effect::Prepare { goal, run: id },
            RunState::Prepared => Effect::Launch { goal, run: id },
            RunState::Launched { .. }
            | RunState::Held { .. }
            | RunState::Reported { .. }
            | RunState::Collected { .. }
            | RunState::Judged { .. }
            | RunState::Closed => continue,
        };
        let key = effect.key();
        if daemon.under_way.contains_key(&key) {
            continue;
        }
        let outcome = Outcome::Interrupted {
            cause: Interruption::Stopped,
            detail: "the orchestrator went down before it began".into(),
        };
        let event = Event::of(&run.goal, What::RunReported { run: run.id.clone(), outcome });
        let is_ordered = daemon.store.open_effects()?.iter().any(|open| open.key == key);
        if is_ordered {
            daemon.finish(&key, &[event], Timestamp::now())?;
        } else {
            daemon.append(&event)?;
        }
    }
    Ok(())
}

/// Whether no ralph is at work and all that ends runs in order is done.
fn is_down(daemon: &Daemon) -> Result<bool, UpError> {
    let is_at_work = daemon.store.active_runs()?.iter().any(|run| run.state.process().is_some());
    // A landing under way is cut off; the next `up` finds out what became of it.
    let is_landing = |effect: &Effect| matches!(effect, Effect::Land { .. } | Effect::Revert { .. });
    let is_busy = daemon.under_way.values().any(|effect| !is_landing(effect));
    Ok(!is_at_work && !is_busy)
}
