//! This machine stays awake while a ralph works that no orchestrator keeps awake for: a standalone one, or one whose
//! orchestrator has gone.

use std::os::unix::process::parent_id;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use herder_domain::run::RunSpec;
use herder_domain::setup::Sleep;
use herder_executor::{Awake, ProcessId};

/// What `systemd-inhibit --list` shows.
const WHY: &str = "a goal is being worked at";

/// The wish that this machine stays awake, given up when dropped. A ralph whose orchestrator went while it was being
/// started is not known to have had one, and keeps nobody awake until the next one comes.
#[derive(Debug)]
pub(crate) struct Vigil(#[expect(dead_code, reason = "its end is the sign")] Option<Sender<()>>);

impl Vigil {
    /// Begins with the run where it is standalone, with the orchestrator's end else.
    pub(crate) fn of(spec: &RunSpec) -> Self {
        if spec.setup.sleep == Sleep::Allow {
            return Self(None);
        }
        let parent = match &spec.goal {
            None => None,
            Some(_) => match parent() {
                Some(parent) => Some(parent),
                None => return Self(None),
            },
        };
        Self::after(parent)
    }

    /// Begins when a process has ended. Who waits for that is not waited for: it ends with this process.
    fn after(parent: Option<ProcessId>) -> Self {
        let (sender, over) = channel::<()>();
        let watch = move || {
            // What cannot be watched is taken for gone: two that keep a machine awake do no harm.
            let _ = parent.map(|parent| parent.wait_for_exit(None));
            let mut awake = Awake::default();
            loop {
                // Whoever refuses it is named by the doctor; a run's log is about its goal.
                let _ = awake.ask(WHY);
                match over.recv_timeout(awake.look_again().unwrap_or(Duration::MAX)) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        // Without a thread the machine may go to sleep, and that is all.
        let watching = thread::Builder::new().name("vigil".into()).spawn(watch);
        Self(watching.is_ok().then_some(sender))
    }
}

/// The process that started this one, if it is still there.
fn parent() -> Option<ProcessId> {
    let known = ProcessId::of(parent_id()).ok()?;
    // Had it ended in between, its number might be another's.
    (parent_id() == known.pid).then_some(known)
}
