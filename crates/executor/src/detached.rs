//! Processes that live on when the one that started them ends: a ralph under its orchestrator.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::children;
use crate::process::{ProcessError, ProcessId, Waited, wait_readable};
use crate::sys;

/// The line by which a detached process says that it has taken over.
const READY: &[u8] = b"ready\n";

/// Between a process's closing its output and its end, if it is ending.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// A program to start in a session of its own.
#[derive(Debug)]
pub struct Detached {
    /// The program: `/proc/self/exe` for this one, in the version that runs.
    pub program: PathBuf,
    /// argv\[0\].
    pub name: String,
    /// The arguments after it.
    pub args: Vec<OsString>,
    /// Its whole environment; nothing is inherited.
    pub env: BTreeMap<OsString, OsString>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Where its standard error goes, and its standard output once it is ready.
    pub log: File,
}

/// Failed to start a detached process.
#[derive(Debug, thiserror::Error)]
pub enum DetachError {
    /// It could not be started at all.
    #[error("start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended without a word; its log may tell why.
    #[error("start {}: it ended before it was ready", program.display())]
    EndedEarly {
        /// The program.
        program: PathBuf,
    },
    /// It said nothing within the time limit, or closed its standard output. It may still become ready: its outcome is unknown.
    #[error("hear from process {} that it is ready within {limit:?}", process.pid)]
    NotReady {
        /// The process, alive when the time was up.
        process: ProcessId,
        /// The time limit.
        limit: Duration,
    },
    /// It cannot be watched.
    #[error("watch a process that was started")]
    Watch(#[from] ProcessError),
}

/// Starts a program in a session of its own and waits for its [`announce_ready`].
///
/// It stays a child of this process while this lives: [`ProcessId::wait_for_exit`] reaps it.
///
/// # Errors
/// [`DetachError`].
pub fn spawn_detached(what: Detached, limit: Duration) -> Result<ProcessId, DetachError> {
    let program = what.program.clone();
    let failed = |source| DetachError::Spawn { program: program.clone(), source };
    let (ready, child_end) = io::pipe().map_err(failed)?;
    let mut command = Command::new(&what.program);
    command
        .arg0(&what.name)
        .args(&what.args)
        .env_clear()
        .envs(&what.env)
        .current_dir(&what.cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::from(OwnedFd::from(child_end)))
        .stderr(Stdio::from(what.log));
    // Two system calls and no allocation, so other threads do no harm.
    sys::before_exec(&mut command, || {
        rustix::process::setsid()?;
        sys::close_others_on_exec()
    });
    let child = children::spawn(&mut command).map_err(failed)?;
    // Or its copy of the pipe's other end would keep this one open.
    drop(command);
    let process = ProcessId::of(child.id())?;
    match await_ready(ready, limit).map_err(failed)? {
        Some(true) => Ok(process),
        Some(false) => match process.wait_for_exit(Some(LAST_BREATH))? {
            Waited::Ended(_) => Err(DetachError::EndedEarly { program }),
            Waited::StillAlive => Err(DetachError::NotReady { process, limit }),
        },
        None => Err(DetachError::NotReady { process, limit }),
    }
}

/// Whether the line came; `None` if the time was up first.
fn await_ready(ready: PipeReader, limit: Duration) -> io::Result<Option<bool>> {
    let mut ready = File::from(OwnedFd::from(ready));
    let deadline = Instant::now() + limit;
    let mut said = Vec::new();
    loop {
        let fd = OwnedFd::from(ready);
        if !wait_readable(&fd, Some(deadline.saturating_duration_since(Instant::now())))? {
            return Ok(None);
        }
        ready = File::from(fd);
        let mut chunk = [0; 64];
        let count = ready.read(&mut chunk)?;
        said.extend_from_slice(&chunk[..count]);
        if memchr::memmem::find(&said, READY).is_some() {
            return Ok(Some(true));
        }
        if count == 0 {
            return Ok(Some(false));
        }
    }
}

/// Tells the process that started this one by [`spawn_detached`] that it has taken over; what is
/// written to standard output after it goes to the log. Not to be called by a process that a person
/// started: it would write a line to their terminal.
///
/// # Errors
/// If the other has stopped listening; it can be ignored, since then nobody waits.
pub fn announce_ready() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let said = out.write_all(READY).and_then(|()| out.flush());
    rustix::stdio::dup2_stdout(io::stderr())?;
    said
}
