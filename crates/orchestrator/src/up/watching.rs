//! Watching ralphs: a thread for each blocks on its pidfd, so that its end is noticed at once and costs
//! nothing until then. Adopted ones are watched like our own.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use herder_domain::outcome::{Interruption, Outcome};
use herder_domain::run::{ProcessName, RunId};
use herder_executor::{ProcessId, end_strays};
use herder_record::{Liveness, RunDir};

use super::inbox::Message;
use crate::act::process_id;

/// The stack of a watching thread; it only waits.
const STACK: usize = 64 << 10;

/// How long to wait before a look at a process that cannot be watched is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Has the end of a ralph told.
pub(super) fn watch(run: RunId, process: &ProcessName, tell: Sender<Message>) -> io::Result<()> {
    let process = process_id(process);
    thread::Builder::new().name("watch".into()).stack_size(STACK).spawn(move || {
        while process.wait_for_exit(None).is_err() {
            thread::sleep(AGAIN);
        }
        // Nobody listens any more where the daemon has ended.
        let _ = tell.send(Message::RalphGone(run));
    })?;
    Ok(())
}

/// What became of a run whose ralph is gone. Whatever it left running is ended first.
pub(super) fn outcome(dir: &RunDir, process: &ProcessName) -> Outcome {
    let swept = end_strays(dir.run());
    match dir.liveness() {
        Ok(Liveness::Ended(ending)) => ending.outcome,
        Ok(Liveness::Crashed | Liveness::NotStarted | Liveness::Alive) => {
            lost(process, swept.is_ok_and(|left| !left.is_empty()))
        }
        Err(error) => Outcome::Interrupted { cause: Interruption::Crashed, detail: error.to_string() },
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
