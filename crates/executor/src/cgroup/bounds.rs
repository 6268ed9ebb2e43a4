//! What the kernel holds a job to: files of cgroup v2 where their controllers are delegated, of version 1 where a
//! machine has those. See the kernel's admin-guide/cgroup-v2 and admin-guide/cgroup-v1.

use std::path::{Path, PathBuf};

use herder_domain::setup::Bounds;

/// Slack between where the kernel begins to take memory back and where it kills: a tenth.
const HIGH_SHARE: u64 = 10;

/// What can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Memory of all processes together.
    Memory,
    /// How many processes and threads there are.
    Processes,
    /// The share of processors beside others.
    Cpu,
    /// The share of disks beside others.
    Io,
}

impl Resource {
    pub(crate) const ALL: [Self; 4] = [Self::Memory, Self::Processes, Self::Cpu, Self::Io];

    /// Its controller of version 2, as `cgroup.subtree_control` has it.
    pub(crate) fn controller(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "pids",
            Self::Cpu => "cpu",
            Self::Io => "io",
        }
    }

    /// Its controller of version 1.
    pub(crate) fn old_controller(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "pids",
            Self::Cpu => "cpu",
            Self::Io => "blkio",
        }
    }

    /// How `doctor` calls it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "processes",
            Self::Cpu => "the share of processors",
            Self::Io => "the share of disks",
        }
    }

    /// Whether somebody wants a bound here.
    pub(crate) fn is_bounded(self, bounds: &Bounds) -> bool {
        match self {
            Self::Memory => bounds.memory.is_some(),
            Self::Processes => bounds.processes.is_some(),
            Self::Cpu => bounds.cpu_weight.is_some(),
            Self::Io => bounds.io_weight.is_some(),
        }
    }

    /// Whether a cgroup of version 2 can hold to it.
    fn is_held_in(self, leaf: &Path) -> bool {
        let has = |name: &str| leaf.join(name).exists();
        match self {
            Self::Memory => has("memory.max"),
            Self::Processes => has("pids.max"),
            Self::Cpu => has("cpu.weight"),
            Self::Io => has("io.weight") || has("io.bfq.weight"),
        }
    }

    /// Writes the bound into a cgroup of version 2; whether it holds.
    pub(crate) fn hold(self, leaf: &Path, bounds: &Bounds) -> bool {
        if !self.is_held_in(leaf) {
            return false;
        }
        match self {
            Self::Memory => bounds.memory.is_some_and(|max| {
                // Whoever outgrows it by much is killed as a whole: half a build is worth nothing.
                let _ = write(leaf, "memory.oom.group", 1);
                let _ = write(leaf, "memory.high", high(max));
                write(leaf, "memory.max", max)
            }),
            Self::Processes => bounds.processes.is_some_and(|max| write(leaf, "pids.max", max)),
            Self::Cpu => bounds.cpu_weight.is_some_and(|weight| write(leaf, "cpu.weight", weight)),
            Self::Io => bounds.io_weight.is_some_and(|weight| {
                // BFQ's weights go from 1 to 1000.
                write(leaf, "io.weight", weight) || write(leaf, "io.bfq.weight", weight.min(1000))
            }),
        }
    }

    /// The same in a cgroup of version 1's controller.
    pub(crate) fn hold_old(self, leaf: &Path, bounds: &Bounds) -> bool {
        match self {
            Self::Memory => bounds.memory.is_some_and(|max| {
                let _ = write(leaf, "memory.soft_limit_in_bytes", high(max));
                let is_held = write(leaf, "memory.limit_in_bytes", max);
                // With what is swapped out, where the kernel counts that: it would hide there otherwise.
                let _ = write(leaf, "memory.memsw.limit_in_bytes", max);
                is_held
            }),
            Self::Processes => bounds.processes.is_some_and(|max| write(leaf, "pids.max", max)),
            // 1024 is what 100 is in version 2.
            Self::Cpu => bounds
                .cpu_weight
                .is_some_and(|weight| write(leaf, "cpu.shares", (u64::from(weight) * 1024 / 100).max(2))),
            Self::Io => bounds.io_weight.is_some_and(|weight| {
                // 10 to 1000, and 500 is usual, where BFQ has 1 to 1000 and 100.
                write(leaf, "blkio.bfq.weight", weight.min(1000))
                    || write(leaf, "blkio.weight", (u64::from(weight) * 5).clamp(10, 1000))
            }),
        }
    }
}

fn high(max: u64) -> u64 {
    max - max / HIGH_SHARE
}

fn write(leaf: &Path, name: &str, value: impl ToString) -> bool {
    let file = std::fs::File::options().write(true).open(leaf.join(name));
    file.and_then(|mut file| std::io::Write::write_all(&mut file, value.to_string().as_bytes())).is_ok()
}

/// Hands the controllers of version 2 down to what will lie in `leaf`, as far as this place has them. The kernel
/// refuses that where processes are in the cgroup that would hand down: such a one is not delegated to herder.
pub(crate) fn hand_down(family: &Path, leaf: &Path) {
    let Some(top) = family.parent() else { return };
    let between: Vec<&Path> =
        leaf.ancestors().skip(1).take_while(|dir| dir.starts_with(top)).collect::<Vec<_>>();
    for dir in between.into_iter().rev() {
        for resource in Resource::ALL {
            let _ = write(dir, "cgroup.subtree_control", format_args!("+{}", resource.controller()));
        }
    }
}

/// Whether a job ran into its bound of memory. Version 1 does not count that at the bound with swap, so there it is
/// told by the peak.
pub(crate) fn has_hit_memory(v2: Option<&Path>, v1: Option<&Path>, bound: u64) -> bool {
    let by_v2 = v2.and_then(|leaf| super::count(&leaf.join("memory.events"), "oom"));
    let peak = || v1.and_then(|leaf| super::number(&leaf.join(super::PEAK_V1)));
    by_v2.map_or_else(|| peak().is_some_and(|peak| peak >= high(bound)), |count| count > 0)
}

/// How often a process was refused to a job, in any of its cgroups.
pub(crate) fn refused_processes(leaves: impl Iterator<Item = PathBuf>) -> u64 {
    leaves.filter_map(|leaf| super::count(&leaf.join("pids.events"), "max")).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Bounds {
        Bounds {
            nice: 0,
            memory: Some(1000),
            processes: Some(50),
            cpu_weight: Some(25),
            io_weight: Some(2000),
        }
    }

    fn cgroup(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        files.iter().for_each(|name| fs_err::write(dir.path().join(name), "").unwrap());
        dir
    }

    fn text(dir: &tempfile::TempDir, name: &str) -> String {
        fs_err::read_to_string(dir.path().join(name)).unwrap()
    }

    #[test]
    fn version_2_is_told_to_take_memory_back_before_it_kills() {
        let files =
            ["memory.high", "memory.max", "memory.oom.group", "pids.max", "cpu.weight", "io.bfq.weight"];
        let dir = cgroup(&files);
        assert!(Resource::ALL.into_iter().all(|resource| resource.hold(dir.path(), &all())));
        let said = files.map(|name| text(&dir, name));
        assert_eq!(said, ["900", "1000", "1", "50", "25", "1000"]);
    }

    #[test]
    fn version_1_is_told_the_same_in_its_own_numbers() {
        let files =
            ["memory.soft_limit_in_bytes", "memory.limit_in_bytes", "pids.max", "cpu.shares", "blkio.weight"];
        let dir = cgroup(&files);
        assert!(Resource::ALL.into_iter().all(|resource| resource.hold_old(dir.path(), &all())));
        assert_eq!(files.map(|name| text(&dir, name)), ["900", "1000", "50", "256", "1000"]);
    }

    #[test]
    fn what_has_no_file_is_not_held() {
        let dir = cgroup(&[]);
        for resource in Resource::ALL {
            assert!(!resource.hold(dir.path(), &all()) && !resource.hold_old(dir.path(), &all()));
        }
        assert!(!Resource::ALL.into_iter().any(|resource| resource.is_bounded(&Bounds::default())));
    }

    #[test]
    fn controllers_are_handed_down_as_far_as_the_job_and_no_further_up_than_the_family() {
        let top = tempfile::tempdir().unwrap();
        let leaf = top.path().join("own/herder/app-1-1/7");
        fs_err::create_dir_all(&leaf).unwrap();
        let dirs = ["", "own", "own/herder", "own/herder/app-1-1", "own/herder/app-1-1/7"];
        for dir in dirs {
            fs_err::write(top.path().join(dir).join("cgroup.subtree_control"), "").unwrap();
        }
        hand_down(&top.path().join("own/herder"), &leaf);
        let told = dirs
            .map(|dir| fs_err::read_to_string(top.path().join(dir).join("cgroup.subtree_control")).unwrap());
        // Each word is a write of its own; a plain file has them one over another.
        assert_eq!(told.map(|text| !text.is_empty()), [false, true, true, true, false]);
    }
}
