//! Holding a keeper to its end. A job that no sandbox keeps from it may stop its keeper (SIGSTOP), and a stopped
//! keeper hears no order and notices no end.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{ProcessError, ProcessId, wait_readable};
use crate::procfs;

/// How long a keeper may take beyond the grace of its job: a storm of processes on a busy machine is not
/// ended at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Between two times that a keeper is made to go on: whoever has stopped it once may do so again.
const PAUSE: Duration = Duration::from_millis(50);

/// A keeper that is to end.
#[derive(Clone, Debug)]
pub(crate) struct Leash {
    keeper: ProcessId,
}

impl Leash {
    /// Of the keeper that has this id now, and is not reaped before this was called.
    pub(crate) fn of(keeper: u32) -> Result<Self, ProcessError> {
        Ok(Self { keeper: ProcessId::of(keeper)? })
    }

    /// Returns when the keeper has ended: it is made to go on meanwhile if it was stopped, and killed if it
    /// has not ended within `limit`.
    pub(crate) fn hold(&self, limit: Duration) {
        // Where it cannot be looked at there is nothing that could be done about it.
        let _ = self.try_to_hold(Instant::now() + limit);
    }

    fn try_to_hold(&self, deadline: Instant) -> io::Result<()> {
        let Some(keeper) = procfs::open(self.keeper.pid, self.keeper.start_time)? else { return Ok(()) };
        while !wait_readable(&keeper, Some(PAUSE))? {
            let signal = if Instant::now() < deadline { Signal::CONT } else { Signal::KILL };
            send(&keeper, signal)?;
        }
        Ok(())
    }

    /// Returns when the keeper has said something, has closed its end, or `limit` is over: it is made to go
    /// on meanwhile if it was stopped.
    pub(crate) fn hold_until_heard(&self, line: &UnixStream, limit: Duration) -> io::Result<()> {
        let deadline = Instant::now() + limit;
        while !wait_readable(line, Some(PAUSE))? && Instant::now() < deadline {
            self.rouse()?;
        }
        Ok(())
    }

    /// Has a keeper that a job of its own has stopped go on.
    pub(crate) fn rouse(&self) -> io::Result<()> {
        match procfs::open(self.keeper.pid, self.keeper.start_time)? {
            Some(keeper) => send(&keeper, Signal::CONT),
            None => Ok(()),
        }
    }

    /// [`Leash::hold`] beside whatever else is done.
    pub(crate) fn hold_aside(&self, limit: Duration) {
        // At once, so that it hears what it was told.
        let _ = self.rouse();
        let leash = self.clone();
        // Without a thread a keeper that nobody stops again has heard all the same.
        let _ = thread::Builder::new().name("leash".into()).spawn(move || leash.hold(limit));
    }
}

fn send(keeper: &OwnedFd, signal: Signal) -> io::Result<()> {
    match rustix::process::pidfd_send_signal(keeper, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
