//! Ending what is left of a run whose ralph and keepers are gone.

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
    let cgroups = cgroup::of_run(run);
    let leaves: Vec<PathBuf> = cgroups.iter().flat_map(|run| cgroup::subdirectories(run)).collect();
    let mut ended = describe_members(&leaves)?;
    leaves.iter().for_each(|leaf| cgroup::kill(leaf));
    let marked = end_marked(RUN_MARKER, run.as_str())?;
    until_none(|| {
        leaves.iter().for_each(|leaf| cgroup::kill(leaf));
        let living = describe_members(&leaves)?;
        Ok(Found { remaining: living.len(), living, struck: Vec::new() })
    })?;
    leaves.iter().for_each(|leaf| cgroup::remove(leaf));
    ended.extend(
        marked.into_iter().filter(|one| !ended.iter().any(|seen| seen.pid == one.pid)).collect::<Vec<_>>(),
    );
    Ok(ended)
}

fn describe_members(leaves: &[PathBuf]) -> io::Result<Vec<Leftover>> {
    let mut members = Vec::new();
    for pid in leaves.iter().flat_map(|leaf| cgroup::members(leaf)) {
        members.extend(procfs::stat(pid)?.filter(|stat| !stat.is_zombie).map(|stat| procfs::describe(&stat)));
    }
    Ok(members)
}

/// Kills all processes that were started with `name=value` in their environment, and all below them.
pub(crate) fn end_marked(name: &str, value: &str) -> Result<Vec<Leftover>, EndError> {
    let spared = own_line()?;
    until_none(|| {
        freeze(|stat| !spared.contains(&stat.pid) && procfs::has_marker(stat.pid, name, value))
            .and_then(kill_all)
    })
}

/// Stops everything below some processes, until a pass finds nothing new. Whoever is killed first
/// instead loses its children to another parent, where they are not found again.
fn freeze(is_root: impl Fn(&Stat) -> bool) -> io::Result<Found> {
    const MOST_PASSES: u32 = 100;
    let mut all = Found { remaining: 0, living: Vec::new(), struck: Vec::new() };
    for _ in 0..MOST_PASSES {
        let is_known = |stat: &Stat| all.struck.iter().any(|known| known.is_same(stat));
        let mut found =
            sweep::signal_below(|stat| is_known(stat) || is_root(stat), Signal::STOP, Reach::Processes)?;
        found.struck.retain(|stat| !is_known(stat));
        if found.struck.is_empty() {
            break;
        }
        if all.living.is_empty() {
            all.living = found.living;
        }
        all.remaining += found.struck.len();
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
