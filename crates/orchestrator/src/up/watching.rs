//! Watching ralphs: a thread for each blocks on its pidfd, so that its end is noticed at once and costs
//! nothing until then. Adopted ones are watched like our own.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use herder_domain::cause::with_causes;
use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::ProcessName;
use herder_executor::{ProcessId, end_strays};
use herder_record::{Liveness, RunDir};

use super::inbox::Message;
use crate::act::process_id;
use crate::swept::Swept;

/// The stack of a watching thread; it waits, and looks for strays at the end.
const STACK: usize = 512 << 10;

/// How long to wait before a look at a process that cannot be watched is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Has the end of a ralph told. Whatever it left running is ended first, here: a process that does not die
/// holds up nothing but the news of its own run.
pub(super) fn watch(
    (dir, process): (RunDir, ProcessName),
    known: Arc<Swept>,
    tell: Sender<Message>,
) -> io::Result<()> {
    thread::Builder::new().name("watch".into()).stack_size(STACK).spawn(move || {
        let watched = process_id(&process);
        while watched.wait_for_exit(None).is_err() {
            thread::sleep(AGAIN);
        }
        let swept = end_strays(&dir.mark());
        if swept.is_ok() {
            known.note(dir.run());
        }
        let outcome = outcome(&dir, &process, swept.is_ok_and(|left| !left.is_empty()));
        // Nobody listens any more where the daemon has ended.
        let _ = tell.send(Message::RalphGone(dir.run().clone(), outcome));
    })?;
    Ok(())
}

/// What became of a run whose ralph is gone.
fn outcome(dir: &RunDir, process: &ProcessName, left_something: bool) -> Outcome {
    match dir.liveness() {
        Ok(Liveness::Ended(ending)) => ending.outcome,
        Ok(Liveness::Crashed | Liveness::NotStarted | Liveness::Alive) => lost(process, left_something),
        Err(error) => {
            let detail = format!("failed to {}", with_causes(&error));
            Outcome::Interrupted { cause: Interruption::Crashed, detail }
        }
    }
}

/// The outcome of a run that was told to stop: one that had to be killed has not crashed.
pub(super) fn as_stopped(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Interrupted { cause: Interruption::Crashed, .. } => {
            let detail = "it was told to stop, and ended without a word of its own".into();
            Outcome::Interrupted { cause: Interruption::Stopped, detail }
        }
        ended => ended,
    }
}

fn lost(process: &ProcessName, left_something: bool) -> Outcome {
    let is_this_boot = ProcessId::own().is_ok_and(|own| own.boot_id == process.boot_id);
    let (cause, detail) = match (is_this_boot, left_something) {
        (false, _) => (Interruption::HostRestarted, "the machine was restarted while it was at work"),
        (true, true) => (Interruption::Crashed, "its ralph died; what it left running was ended"),
        (true, false) => (Interruption::Crashed, "its ralph died without a word"),
    };
    Outcome::Interrupted { cause, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupted(cause: Interruption) -> Outcome {
        Outcome::Interrupted { cause, detail: String::new() }
    }

    #[test]
    fn a_run_that_had_to_be_killed_at_the_end_of_its_grace_is_stopped_and_not_charged_as_a_crash() {
        assert_eq!(as_stopped(interrupted(Interruption::Crashed)).word(), "stopped");
        let limited = interrupted(Interruption::Unreachable);
        assert_eq!(as_stopped(limited.clone()), limited);
    }
}
