//! Processes and what they use, from /proc: the next best where no cgroup tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use herder_domain::measure::{Io, Measured, RunSample};

use super::live::{Live, Scratch};
use super::text;
use crate::procfs::{self, Stat};
use crate::sys;

/// Clock ticks in a second, and bytes in a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Units {
    ticks: u64,
    page: u64,
}

impl Units {
    pub(super) fn of_machine() -> Self {
        let (ticks, page) = sys::units();
        Self { ticks, page }
    }

    fn resident(self, stats: &[Stat]) -> u64 {
        stats.iter().map(|stat| stat.resident_pages).fold(0, u64::saturating_add).saturating_mul(self.page)
    }

    pub(super) fn time(self, ticks: u64) -> Duration {
        Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / self.ticks))
    }
}

/// What processes use together; the memory that they share counts for each of them.
pub(super) fn of_processes(stats: &[Stat], units: Units, scratch: &mut Scratch) -> RunSample {
    let ticks = stats.iter().map(|stat| stat.cpu_ticks).fold(0, u64::saturating_add);
    let pids: Vec<u32> = stats.iter().map(|stat| stat.pid).collect();
    RunSample {
        cpu: Measured::Known(units.time(ticks)),
        memory: Measured::Known(units.resident(stats)),
        io: io(&pids, scratch),
        processes: Measured::Known(stats.len().try_into().unwrap_or(u32::MAX)),
        ..RunSample::default()
    }
}

/// The resident memory of the processes with these ids; one that went meanwhile holds none.
pub(super) fn memory(pids: &[u32], units: Units, scratch: &mut Scratch) -> Measured<u64> {
    let mut resident = |pid: &u32| {
        let text = Live::open(format!("/proc/{pid}/statm")).read(scratch);
        text.and_then(text::resident).known().unwrap_or(0)
    };
    let pages = pids.iter().map(&mut resident).fold(0, u64::saturating_add);
    Measured::Known(pages.saturating_mul(units.page))
}

/// What the processes with these ids, and those that they waited for, read and wrote.
pub(super) fn io(pids: &[u32], scratch: &mut Scratch) -> Measured<Io> {
    pids.iter().fold(Measured::Known(Io::default()), |sum, pid| added(sum, of_process(*pid, scratch)))
}

/// The processes with these ids that are still there.
fn with_ids(pids: &[u32]) -> Vec<Stat> {
    let living = pids.iter().filter_map(|pid| procfs::stat(*pid).ok().flatten());
    living.filter(|stat| !stat.is_zombie).collect()
}

/// The processes below each of these, themselves included, after one walk through /proc.
pub(super) fn below(roots: &[u32]) -> BTreeMap<u32, Vec<Stat>> {
    let pids = procfs::pids().unwrap_or_default();
    let all: BTreeMap<u32, Stat> = with_ids(&pids).into_iter().map(|stat| (stat.pid, stat)).collect();
    let mut found: BTreeMap<u32, Vec<Stat>> = roots.iter().map(|root| (*root, Vec::new())).collect();
    for stat in all.values() {
        if let Some(root) = root_of(stat, &all, roots)
            && let Some(members) = found.get_mut(&root)
        {
            members.push(stat.clone());
        }
    }
    found
}

/// The nearest of the roots above a process, or the process itself.
fn root_of(stat: &Stat, all: &BTreeMap<u32, Stat>, roots: &[u32]) -> Option<u32> {
    let mut pid = stat.pid;
    // Parents may change while one looks, so a chain need not end.
    for _ in 0..all.len() {
        if roots.contains(&pid) {
            return Some(pid);
        }
        pid = all.get(&pid)?.parent;
    }
    None
}

fn of_process(pid: u32, scratch: &mut Scratch) -> Measured<Io> {
    Live::open(format!("/proc/{pid}/io")).read(scratch).and_then(text::process_io)
}

/// Another user's process tells nobody what it reads and writes; one that went meanwhile has told all.
fn added(sum: Measured<Io>, one: Measured<Io>) -> Measured<Io> {
    match (sum, one) {
        (Measured::Known(sum), Measured::Known(one)) => Measured::Known(Io {
            read: sum.read.saturating_add(one.read),
            written: sum.written.saturating_add(one.written),
        }),
        (sum @ (Measured::Known(_) | Measured::Absent), Measured::Absent) => sum,
        (Measured::Absent, Measured::Known(_)) => Measured::Absent,
        (Measured::Unknown, _) | (_, Measured::Unknown) => Measured::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_processor_and_memory() {
        let own = std::process::id();
        let stats = below(&[own]).remove(&own).unwrap();
        assert!(stats.iter().any(|stat| stat.pid == own));
        let sample = of_processes(&stats, Units::of_machine(), &mut Scratch::new());
        assert!(sample.memory.known().is_some_and(|bytes| bytes > 100_000), "{sample:?}");
        assert!(sample.processes.known().is_some_and(|count| count >= 1), "{sample:?}");
    }

    #[test]
    fn a_process_that_went_is_left_out() {
        assert!(with_ids(&[0]).is_empty());
        assert!(below(&[0]).contains_key(&0));
    }

    #[test]
    fn what_one_process_does_not_tell_leaves_the_sum_unknown() {
        let io = Io { read: 1, written: 2 };
        assert_eq!(
            added(Measured::Known(io), Measured::Known(io)),
            Measured::Known(Io { read: 2, written: 4 })
        );
        assert_eq!(added(Measured::Known(io), Measured::Absent), Measured::Known(io));
        assert_eq!(added(Measured::Known(io), Measured::Unknown), Measured::Unknown);
    }
}
