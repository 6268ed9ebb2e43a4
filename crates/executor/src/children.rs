//! The children that this process started on purpose, and the orphans that it only inherited.
//!
//! A subreaper inherits the orphans of all its descendants. They are told from its own children by
//! two facts: what is started here is remembered here, and what is started elsewhere in this process
//! (git, say) stays in this process's session, while a keeper's job never does.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};

use crate::job::Leftover;
use crate::procfs::{self, Stat};
use crate::sweep::{self, Found, Reach};

/// Failed to end processes.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// Some are still there although they were killed for a while.
    #[error("end {} processes, the first of them {:?}", .0.len(), .0.first().map(|left| left.pid))]
    StillAlive(Vec<Leftover>),
    /// The system refused.
    #[error("look for processes to end")]
    System(#[from] io::Error),
}

static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Held while children come and go, so that a sweep never meets one that is not yet remembered.
fn own() -> MutexGuard<'static, BTreeSet<u32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process and remembers it.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut own = own();
    let child = command.spawn()?;
    own.insert(child.id());
    Ok(child)
}

/// Waits for a remembered child, reaps and forgets it.
pub(crate) fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    // First wait without reaping: only the reaping itself may hold the lock.
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), options) {}
    }
    reap(child.id(), || child.wait())
}

/// Has `wait` reap a child that has ended, and forgets it.
pub(crate) fn reap<T>(pid: u32, wait: impl FnOnce() -> T) -> T {
    let mut own = own();
    let result = wait();
    own.remove(&pid);
    result
}

/// Makes this process the one that inherits the orphans among its descendants.
///
/// # Errors
/// If the kernel refuses, which it has no reason to.
pub fn become_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Kills and reaps every orphan that this process inherited and all below it, until none is left.
///
/// An orphan is a child in another session that was not started through this crate. So whatever
/// daemons a helper of this process left behind go as well.
///
/// # Errors
/// `StillAlive` if some outlive being killed for 10 s.
pub fn end_orphans() -> Result<Vec<Leftover>, EndError> {
    let me = std::process::id();
    let own_session = procfs::own_session()?;
    until_none(|| {
        let own = own();
        let is_orphan =
            |stat: &Stat| stat.parent == me && stat.session != own_session && !own.contains(&stat.pid);
        let mut found = sweep::signal_below(is_orphan, Signal::KILL, Reach::Groups)?;
        found.dying += reap_all(is_orphan)?;
        Ok(found)
    })
}

/// Reaps those children that have ended; returns how many there were, ended or not.
fn reap_all(is_meant: impl Fn(&Stat) -> bool) -> io::Result<usize> {
    let mut count = 0;
    for pid in procfs::pids()? {
        if !procfs::stat(pid)?.is_some_and(|stat| is_meant(&stat)) {
            continue;
        }
        count += 1;
        if let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // Still dying, or reaped by somebody else: the next round tells.
            let _ = rustix::process::waitpid(Some(raw), WaitOptions::NOHANG);
        }
    }
    Ok(count)
}

/// Repeats a round of killing until two in a row found nothing: a single one can miss a process
/// that was born behind it. Returns what was hit, at most 256.
pub(crate) fn until_none<F>(mut round: F) -> Result<Vec<Leftover>, EndError>
where
    F: FnMut() -> io::Result<Found>,
{
    const LIMIT: Duration = Duration::from_secs(10);
    const MOST: usize = 256;
    let deadline = Instant::now() + LIMIT;
    let mut hit: Vec<Leftover> = Vec::new();
    let mut empty_rounds = 0;
    while empty_rounds < 2 {
        let found = round()?;
        let is_empty = found.struck.is_empty() && found.dying == 0;
        empty_rounds = if is_empty { empty_rounds + 1 } else { 0 };
        if !is_empty && Instant::now() > deadline {
            return Err(EndError::StillAlive(found.living));
        }
        for leftover in found.living {
            if hit.len() < MOST && !hit.iter().any(|seen| seen.pid == leftover.pid) {
                hit.push(leftover);
            }
        }
        if !is_empty {
            // A killed process takes a moment to be gone; nothing tells us of one that is no child.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(hit)
}
