//! Signalling everything below some processes, found by walking /proc.

use std::collections::BTreeSet;
use std::io;

use rustix::process::{Pid, Signal};

use crate::job::Leftover;
use crate::procfs::{self, Stat};

/// What one pass met.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The living ones that got the signal.
    pub struck: Vec<Stat>,
    /// The first of them, described as they were before it.
    pub living: Vec<Leftover>,
    /// How many others are not gone yet.
    pub dying: usize,
}

/// Whether whole process groups may be signalled, or only the processes that were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Also the group of every process found. The kernel signals a group without letting it fork
    /// meanwhile, which is what a fork storm loses to. Right only where every session that is found
    /// was begun by a process below.
    Groups,
    /// Each process by itself.
    Processes,
}

/// Sends `signal` to every process that `is_root` picks and to all their descendants, in one pass
/// over /proc; each is signalled the moment it is found.
///
/// The caller itself is never signalled. A process that was born behind the pass is missed: to end
/// everything, repeat until nothing is found.
pub(crate) fn signal_below<F>(is_root: F, signal: Signal, reach: Reach) -> io::Result<Found>
where
    F: Fn(&Stat) -> bool,
{
    let mut hit = Hit::new(signal, reach)?;
    let mut others = Vec::new();
    for pid in procfs::pids()? {
        let Some(stat) = procfs::stat(pid)? else { continue };
        if stat.pid == std::process::id() {
            continue;
        }
        if is_root(&stat) || hit.below.contains(&stat.parent) {
            hit.strike(stat)?;
        } else {
            others.push(stat);
        }
    }
    // Ids wrap around, so a child may have been passed before its parent was known.
    loop {
        let (children, rest): (Vec<Stat>, Vec<Stat>) =
            others.into_iter().partition(|stat| hit.below.contains(&stat.parent));
        if children.is_empty() {
            return Ok(hit.finish());
        }
        children.into_iter().try_for_each(|stat| hit.strike(stat))?;
        others = rest;
    }
}

/// The processes that `signal_below` would find, without a signal.
pub(crate) fn list_below<F>(is_root: F) -> io::Result<Vec<Stat>>
where
    F: Fn(&Stat) -> bool,
{
    let mut all = Vec::new();
    for pid in procfs::pids()? {
        all.extend(procfs::stat(pid)?.filter(|stat| stat.pid != std::process::id()));
    }
    let mut below: BTreeSet<u32> = all.iter().filter(|stat| is_root(stat)).map(|stat| stat.pid).collect();
    loop {
        let before = below.len();
        below.extend(
            all.iter().filter(|stat| below.contains(&stat.parent)).map(|s| s.pid).collect::<Vec<_>>(),
        );
        if below.len() == before {
            all.retain(|stat| below.contains(&stat.pid) && !stat.is_zombie);
            return Ok(all);
        }
    }
}

/// A pass at work.
struct Hit {
    signal: Signal,
    reach: Reach,
    own_session: u32,
    below: BTreeSet<u32>,
    groups: BTreeSet<u32>,
    living: Vec<Leftover>,
    struck: Vec<Stat>,
}

/// So many processes are described; reading every command line would slow a pass through a storm.
pub(crate) const MOST_DESCRIBED: usize = 32;

impl Hit {
    fn new(signal: Signal, reach: Reach) -> io::Result<Self> {
        Ok(Self {
            signal,
            reach,
            own_session: procfs::own_session()?,
            below: BTreeSet::new(),
            groups: BTreeSet::new(),
            living: Vec::new(),
            struck: Vec::new(),
        })
    }

    fn strike(&mut self, stat: Stat) -> io::Result<()> {
        self.below.insert(stat.pid);
        if stat.is_zombie {
            return Ok(());
        }
        if self.living.len() < MOST_DESCRIBED {
            self.living.push(procfs::describe(&stat));
        }
        procfs::signal(&stat, self.signal)?;
        if self.reach == Reach::Groups && stat.session != self.own_session && stat.group > 1 {
            self.groups.insert(stat.group);
        }
        self.struck.push(stat);
        Ok(())
    }

    /// The groups come last, so that each member has been described by then.
    fn finish(self) -> Found {
        for group in self.groups {
            if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
                // It may be empty already, and then there is nothing to do.
                let _ = rustix::process::kill_process_group(group, self.signal);
            }
        }
        Found { struck: self.struck, living: self.living, dying: 0 }
    }
}
