//! What of this machine herder may use: a container of four processors and 8 GiB has so many, whatever its host has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use herder_domain::measure::{Measured, Pressures};

use super::PressureFiles;
use super::live::{Live, Scratch};
use super::text;
use crate::cgroup::{self, Hierarchy};

/// The bounds around this process.
#[derive(Debug)]
pub(super) struct Own {
    /// The processors that it may be on; all where nobody knows.
    processors: Option<Vec<usize>>,
    /// Memory of the cgroups above it that have a bound, the nearest first.
    memory: Vec<MemoryBound>,
    /// Pressure on its cgroup, where that is not the whole machine.
    pressure: Option<PressureFiles>,
    /// Processor time of its cgroup, where that is smaller than its processors.
    cpu: Option<Live>,
}

/// A cgroup with a bound of memory.
#[derive(Debug)]
struct MemoryBound {
    limit: u64,
    usage: Live,
    stat: Live,
    /// What the kernel can have back at once, in `stat`.
    inactive: &'static str,
}

impl Own {
    pub(super) fn look() -> Self {
        let pid = std::process::id();
        let (v2, memory_v1) = (cgroup::place_of(pid, ""), cgroup::place_of(pid, "memory"));
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let allowed = status.lines().find_map(|line| text::list(line.strip_prefix("Cpus_allowed_list:")?));
        let own = v2.as_ref().filter(|place| is_bounded(place)).map(|place| place.own.clone());
        let has_quota = allowed.as_ref().is_some_and(|allowed| cores() < allowed.len());
        let bounds_v2 = v2.iter().flat_map(|place| bounds(place, MemoryBound::v2));
        let bounds_v1 = memory_v1.iter().flat_map(|place| bounds(place, MemoryBound::v1));
        Self {
            processors: allowed,
            memory: bounds_v2.chain(bounds_v1).collect(),
            pressure: own
                .as_ref()
                .map(|dir| PressureFiles::open(|name| dir.join(format!("{name}.pressure")))),
            cpu: own.filter(|_| has_quota).map(|dir| Live::open(dir.join("cpu.stat"))),
        }
    }

    pub(super) fn may_use(&self, processor: usize) -> bool {
        self.processors.as_ref().is_none_or(|allowed| allowed.contains(&processor))
    }

    pub(super) fn pressure(&mut self, scratch: &mut Scratch) -> Pressures {
        self.pressure.as_mut().map_or_else(Pressures::default, |files| files.read(scratch))
    }

    /// Processor time of all that shares a quota with this process, where there is one.
    pub(super) fn busy(&mut self, scratch: &mut Scratch) -> Option<Measured<Duration>> {
        self.cpu.as_mut().map(|file| file.read(scratch).and_then(text::usage))
    }

    /// The smallest bound of memory.
    pub(super) fn memory_limit(&self) -> Option<u64> {
        self.memory.iter().map(|bound| bound.limit).min()
    }

    /// What is left below the bounds; `None` without any.
    pub(super) fn memory_left(&mut self, scratch: &mut Scratch) -> Option<Measured<u64>> {
        let left = self.memory.iter_mut().map(|bound| bound.left(scratch));
        left.reduce(|one, other| match (one, other) {
            (Measured::Known(one), Measured::Known(other)) => Measured::Known(one.min(other)),
            // The bound that cannot be read may be the one that counts.
            (Measured::Unknown | Measured::Absent, _) | (_, Measured::Unknown | Measured::Absent) => {
                Measured::Unknown
            }
        })
    }
}

/// Processors that this process may use, by affinity and by the quotas of its cgroups; at least one.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// In a namespace of its own, a container's cgroup is the top of what it sees and still has bounds.
fn is_bounded(place: &Hierarchy) -> bool {
    place.own != place.mount_point || place.own.join("cgroup.type").exists()
}

fn bounds(place: &Hierarchy, of: impl Fn(&Path) -> Option<MemoryBound>) -> Vec<MemoryBound> {
    let above = place.own.ancestors().take_while(|dir| dir.starts_with(&place.mount_point));
    above.filter_map(of).collect()
}

impl MemoryBound {
    fn v2(dir: &Path) -> Option<Self> {
        let at = |name: &str| dir.join(name);
        Self::at(at("memory.max"), at("memory.current"), at("memory.stat"), "inactive_file")
    }

    fn v1(dir: &Path) -> Option<Self> {
        let at = |name: &str| dir.join(name);
        let stat = at("memory.stat");
        Self::at(at("memory.limit_in_bytes"), at("memory.usage_in_bytes"), stat, "total_inactive_file")
    }

    fn at(limit: PathBuf, usage: PathBuf, stat: PathBuf, inactive: &'static str) -> Option<Self> {
        /// Version 1 writes no bound as the greatest number of whole pages.
        const NONE: u64 = 1 << 62;
        let limit = text::number(&std::fs::read_to_string(limit).ok()?).filter(|limit| *limit < NONE)?;
        Some(Self { limit, usage: Live::open(usage), stat: Live::open(stat), inactive })
    }

    fn left(&mut self, scratch: &mut Scratch) -> Measured<u64> {
        let used = self.usage.read(scratch).and_then(text::number);
        let inactive = self.stat.read(scratch).and_then(|text| text::keyed(text, self.inactive));
        let left = |used: u64| self.limit.saturating_sub(used.saturating_sub(inactive.known().unwrap_or(0)));
        // There is a bound: that its cgroup went does not make this a machine without one.
        used.known().map_or(Measured::Unknown, |used| Measured::Known(left(used)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(dir: &Path, own: &str) -> Hierarchy {
        Hierarchy { mount_point: dir.to_owned(), own: dir.join(own) }
    }

    #[test]
    fn the_tightest_bound_above_us_counts_and_cached_files_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("outer/inner");
        fs_err::create_dir_all(&inner).unwrap();
        let write = |dir: &Path, name: &str, text: &str| fs_err::write(dir.join(name), text).unwrap();
        for (at, limit) in [(inner.as_path(), "max\n"), (inner.parent().unwrap(), "1000\n")] {
            write(at, "memory.max", limit);
            write(at, "memory.current", "900\n");
            write(at, "memory.stat", "anon 500\ninactive_file 400\n");
        }
        let found = bounds(&place(dir.path(), "outer/inner"), MemoryBound::v2);
        assert_eq!(found.len(), 1);
        let mut own = Own { processors: None, memory: found, pressure: None, cpu: None };
        let mut scratch = Scratch::new();
        assert_eq!(
            (own.memory_limit(), own.memory_left(&mut scratch)),
            (Some(1000), Some(Measured::Known(500)))
        );
        // The cgroup is removed under us.
        fs_err::remove_file(inner.parent().unwrap().join("memory.current")).unwrap();
        own.memory[0].usage = Live::open(inner.join("gone"));
        assert_eq!(own.memory_left(&mut scratch), Some(Measured::Unknown));
    }

    #[test]
    fn version_1_writes_no_bound_as_a_great_number() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        assert!(bounds(&place(dir.path(), ""), MemoryBound::v1).is_empty());
    }

    #[test]
    fn without_a_bound_nothing_is_said_of_one() {
        let mut own = Own { processors: Some(vec![1]), memory: Vec::new(), pressure: None, cpu: None };
        assert_eq!(own.memory_left(&mut Scratch::new()), None);
        assert!(own.may_use(1) && !own.may_use(0));
    }
}
