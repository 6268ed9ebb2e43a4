//! Ending what is left of a run whose ralph and keepers are gone.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use herder_domain::run::RunId;
use rustix::process::Signal;

use crate::cgroup;
use crate::children::{EndError, until_none};
use crate::job::{Leftover, RUN_MARKER};
use crate::procfs::{self, Stat};
use crate::sweep::{self, Found, Reach};

/// Kills everything that belongs to a run: all in its cgroups, and all that carry its marker with
/// their descendants, until none is left. The caller and those above it are spared.
///
/// To be called when nobody supervises the run any more, and before it is run again. A process that
/// emptied its environment outside a cgroup is not found; its keeper's death killed the program
/// itself, but not such a descendant.
///
/// # Errors
/// `StillAlive` if some outlive being killed for 10 s, `System` if /proc cannot be read.
pub fn end_strays(run: &RunId) -> Result<Vec<Leftover>, EndError> {
    let leaves = cgroup::leaves_of(run);
    let mut ended = until_none(|| kill_members(&leaves))?;
    for one in end_marked(RUN_MARKER, run.as_str())? {
        if !ended.iter().any(|seen| seen.pid == one.pid) {
            ended.push(one);
        }
    }
    // What was marked may have started something in a cgroup meanwhile.
    ended.extend(until_none(|| kill_members(&leaves))?);
    leaves.iter().for_each(|leaf| cgroup::remove(leaf));
    Ok(ended)
}

/// Kills all that is in some cgroups.
fn kill_members(leaves: &[PathBuf]) -> io::Result<Found> {
    let mut found = Found::default();
    for pid in leaves.iter().flat_map(|leaf| cgroup::members(leaf)) {
        let Some(stat) = procfs::stat(pid)?.filter(|stat| !stat.is_zombie) else { continue };
        found.living.push(procfs::describe(&stat));
        found.struck.push(stat);
    }
    leaves.iter().for_each(|leaf| cgroup::kill(leaf));
    // Again one by one, for a hierarchy that cannot kill by itself.
    kill_all(found)
}

/// Kills all processes that were started with `name=value` in their environment, and all below them.
pub(crate) fn end_marked(name: &str, value: &str) -> Result<Vec<Leftover>, EndError> {
    let spared = own_line()?;
    until_none(|| {
        freeze(|stat| !spared.contains(&stat.pid) && procfs::has_marker(stat, name, value)).and_then(kill_all)
    })
}

/// Stops everything below some processes (SIGSTOP), until a pass finds nothing new. Whoever is killed first
/// instead loses its children to another parent, where they are not found again.
pub(crate) fn freeze(is_root: impl Fn(&Stat) -> bool) -> io::Result<Found> {
    const MOST_PASSES: u32 = 100;
    let mut all = Found::default();
    let mut known = BTreeSet::new();
    for _ in 0..MOST_PASSES {
        let is_known = |stat: &Stat| known.contains(&(stat.pid, stat.start_ticks));
        let mut found =
            sweep::signal_below(|stat| is_known(stat) || is_root(stat), Signal::STOP, Reach::Processes)?;
        found.struck.retain(|stat| !is_known(stat));
        if found.struck.is_empty() {
            break;
        }
        if all.living.is_empty() {
            all.living = found.living;
        }
        known.extend(found.struck.iter().map(|stat| (stat.pid, stat.start_ticks)));
        all.struck.extend(found.struck);
    }
    Ok(all)
}

fn kill_all(found: Found) -> io::Result<Found> {
    for stat in &found.struck {
        procfs::signal(stat, Signal::KILL)?;
    }
    Ok(found)
}

/// This process and those above it.
fn own_line() -> io::Result<Vec<u32>> {
    let mut line = vec![std::process::id()];
    while let Some(stat) = line.last().and_then(|pid| procfs::stat(*pid).transpose()).transpose()? {
        if stat.parent == 0 {
            break;
        }
        line.push(stat.parent);
    }
    Ok(line)
}
