//! One process, so named that its name never comes to mean another one.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, WaitOptions};
use serde::{Deserialize, Serialize};

use crate::children;
use crate::job::Exit;
use crate::procfs;

/// A process, told apart from every other that has or had its id: by its start time, and by the
/// boot in which it started.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// The kernel's number, which is reused.
    pub pid: u32,
    /// When it started, in clock ticks since boot: field 22 of proc_pid_stat(5).
    pub start_time: u64,
    /// /proc/sys/kernel/random/boot_id of that boot.
    pub boot_id: String,
}

/// A signal that ends a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndSignal {
    /// SIGTERM, which a process may take its time over or ignore.
    Terminate,
    /// SIGKILL.
    Kill,
}

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signalled {
    /// The process got it.
    Sent,
    /// The process had ended before.
    Gone,
}

/// What waiting for a process came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It has ended; how is known of the caller's own children only, and only once.
    Ended(Option<Exit>),
    /// The time was up first.
    StillAlive,
}

/// Failed to look at or signal a process.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no process with this id.
    #[error("find process {0}")]
    Gone(u32),
    /// The system refused.
    #[error("{action} process {pid}")]
    System {
        /// What was tried.
        action: &'static str,
        /// On which process.
        pid: u32,
        /// Why it failed.
        source: io::Error,
    },
}

impl ProcessId {
    /// The process that has this id now.
    ///
    /// # Errors
    /// `Gone` if there is none, `System` if /proc cannot be read.
    pub fn of(pid: u32) -> Result<Self, ProcessError> {
        let system = |source| ProcessError::System { action: "look at", pid, source };
        let stat = procfs::stat(pid).map_err(system)?.ok_or(ProcessError::Gone(pid))?;
        Ok(Self { pid, start_time: stat.start_ticks, boot_id: boot_id().map_err(system)? })
    }

    /// The calling process.
    ///
    /// # Errors
    /// As [`ProcessId::of`].
    pub fn own() -> Result<Self, ProcessError> {
        Self::of(std::process::id())
    }

    /// Whether it still runs. One that has ended and only waits to be reaped does not.
    ///
    /// # Errors
    /// If /proc cannot be read: then it is unknown.
    pub fn is_alive(&self) -> Result<bool, ProcessError> {
        if !self.is_of_this_boot()? {
            return Ok(false);
        }
        let stat = procfs::stat(self.pid).map_err(|error| self.failed("look at", error))?;
        Ok(stat.is_some_and(|stat| stat.start_ticks == self.start_time && !stat.is_zombie))
    }

    /// Sends a signal to this process, never to a later one with the same id.
    ///
    /// # Errors
    /// If the system refuses, for example because the process belongs to another user.
    pub fn signal(&self, signal: EndSignal) -> Result<Signalled, ProcessError> {
        self.send(match signal {
            EndSignal::Terminate => rustix::process::Signal::TERM,
            EndSignal::Kill => rustix::process::Signal::KILL,
        })
    }

    fn send(&self, raw: rustix::process::Signal) -> Result<Signalled, ProcessError> {
        let Some(pidfd) = self.pidfd()? else { return Ok(Signalled::Gone) };
        match rustix::process::pidfd_send_signal(&pidfd, raw) {
            Ok(()) => Ok(Signalled::Sent),
            Err(rustix::io::Errno::SRCH) => Ok(Signalled::Gone),
            Err(error) => Err(self.failed("signal", error.into())),
        }
    }

    /// Has the process look at what was written for it: SIGURG, which whoever knows nothing of it ignores.
    ///
    /// # Errors
    /// If the system refuses, for example because the process belongs to another user.
    pub fn rouse(&self) -> Result<Signalled, ProcessError> {
        self.send(rustix::process::Signal::URG)
    }

    /// Blocks until the process has ended, or for `limit`; any process, not only children. A child
    /// of the caller is reaped.
    ///
    /// # Errors
    /// If the system refuses to watch it.
    pub fn wait_for_exit(&self, limit: Option<Duration>) -> Result<Waited, ProcessError> {
        let Some(pidfd) = self.pidfd()? else { return Ok(Waited::Ended(None)) };
        if !wait_readable(&pidfd, limit).map_err(|error| self.failed("wait for", error))? {
            return Ok(Waited::StillAlive);
        }
        Ok(Waited::Ended(self.reap()))
    }

    /// Whether it was started from the very file that the caller was started from; `None` where that cannot
    /// be told, for example for the process of another user.
    pub fn runs_own_program(&self) -> Option<bool> {
        let file = |path: String| std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        let other = file(format!("/proc/{}/exe", self.pid))?;
        // Whoever has this id now may be another process.
        self.is_alive().ok().filter(|alive| *alive)?;
        Some(other == file("/proc/self/exe".to_owned())?)
    }

    fn reap(&self) -> Option<Exit> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw)?;
        children::reap(self.pid, || match rustix::process::waitpid(Some(pid), WaitOptions::NOHANG) {
            Ok(Some((_, status))) => exit_of(status),
            // Not our child, or somebody else has reaped it.
            Ok(None) | Err(_) => None,
        })
    }

    fn pidfd(&self) -> Result<Option<OwnedFd>, ProcessError> {
        if !self.is_of_this_boot()? {
            return Ok(None);
        }
        procfs::open(self.pid, self.start_time).map_err(|error| self.failed("open", error))
    }

    fn is_of_this_boot(&self) -> Result<bool, ProcessError> {
        let now = boot_id().map_err(|error| self.failed("look at", error))?;
        Ok(now == self.boot_id)
    }

    fn failed(&self, action: &'static str, source: io::Error) -> ProcessError {
        ProcessError::System { action, pid: self.pid, source }
    }
}

/// The identity of this boot.
fn boot_id() -> io::Result<String> {
    Ok(fs_err::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// How a process that was waited for ended; `None` if it only stopped or went on.
pub(crate) fn exit_of(status: rustix::process::WaitStatus) -> Option<Exit> {
    status.exit_status().map(Exit::Code).or_else(|| status.terminating_signal().map(Exit::Signal))
}

/// Waits until a descriptor is readable or its other end is closed; `false` when the time is up.
pub(crate) fn wait_readable(fd: &impl AsFd, limit: Option<Duration>) -> io::Result<bool> {
    let deadline = limit.map(|limit| Instant::now() + limit);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.map(timespec);
        match rustix::event::poll(&mut [PollFd::new(fd, PollFlags::IN)], timeout.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A duration as poll(2) takes it; one that is too long is the longest.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 })
}
