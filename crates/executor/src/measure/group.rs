//! One run's cgroups: what all of its jobs use together, told by the kernel.

use std::path::{Path, PathBuf};

use herder_domain::measure::{Io, Measured, RunSample};
use herder_domain::run::RunId;

use super::PressureFiles;
use super::live::{Live, Scratch};
use super::text;
use super::tree::{self, Units};
use crate::cgroup::{self, Hierarchy};

/// Where a run's cgroups are while it has a job: directories that come with the first job at a time and go with the last.
#[derive(Debug)]
pub(super) struct Group {
    unified: PathBuf,
    /// The memory controller's of version 1, where there is one.
    memory_v1: Option<PathBuf>,
    open: Option<Open>,
}

/// The files of a run that has a job.
#[derive(Debug)]
struct Open {
    cpu: Live,
    memory: Memory,
    io: Live,
    processes: Live,
    pressure: PressureFiles,
}

/// The files about memory, of either version.
#[derive(Debug)]
struct Memory {
    usage: Live,
    peak: Live,
    stat: Live,
    /// What the kernel can have back at once, in `stat`.
    inactive: &'static str,
    /// Whether memory that was had before the job came into the cgroup is counted elsewhere.
    is_partial: bool,
}

impl Group {
    /// Of a run whose ralph is `pid`; `marker` is what its cgroups are called. `None` where version 2 is not there.
    pub(super) fn of(marker: &RunId, pid: u32) -> Option<Self> {
        let below = |place: Hierarchy| place.family().join(marker.as_str());
        Some(Self {
            unified: below(cgroup::place_of(pid, "")?),
            memory_v1: cgroup::place_of(pid, "memory").map(below),
            open: None,
        })
    }

    pub(super) fn read(&mut self, units: Units, scratch: &mut Scratch) -> RunSample {
        let sample = self.try_read(units, scratch);
        if let Some(sample) = sample {
            return sample;
        }
        // It went, or another one came in its place.
        self.open = None;
        self.try_read(units, scratch).unwrap_or_else(nothing)
    }

    /// `None` where the run has no job, or has another one than the files that are open are of.
    fn try_read(&mut self, units: Units, scratch: &mut Scratch) -> Option<RunSample> {
        if self.open.is_none() {
            self.unified.is_dir().then_some(())?;
            self.open = Some(Open::of(&self.unified, self.memory_v1.as_deref()));
        }
        let open = self.open.as_mut()?;
        let cpu = open.cpu.read(scratch).and_then(text::usage);
        cpu.known()?;
        let (memory, memory_peak) = open.memory.read(scratch);
        let pressure = open.pressure.read(scratch);
        let processes = open.processes.read(scratch).and_then(|text| text::number(text)?.try_into().ok());
        let io = open.io.read(scratch).and_then(text::io_stat);
        let told = RunSample { cpu, memory, memory_peak, io, processes, pressure };
        Some(self.completed(told, units, scratch))
    }

    /// With what the controllers that this machine lacks would have told, by the processes themselves.
    fn completed(&self, told: RunSample, units: Units, scratch: &mut Scratch) -> RunSample {
        // Version 1 counts what was had since the job was moved into its cgroup, and may have been moved late.
        let is_partial = self.open.as_ref().is_some_and(|open| open.memory.is_partial);
        let is_whole = !is_partial
            && told.memory != Measured::Absent
            && told.io != Measured::Absent
            && told.processes != Measured::Absent;
        if is_whole {
            return told;
        }
        let leaves = cgroup::subdirectories(&self.unified);
        let pids: Vec<u32> = leaves.iter().flat_map(|leaf| cgroup::members(leaf)).collect();
        // Each is asked for no more than is wanted: there may be hundreds.
        RunSample {
            memory: match told.memory {
                Measured::Known(bytes) if is_partial => {
                    tree::memory(&pids, units, scratch).and_then(|resident| Some(resident.max(bytes)))
                }
                told => told.or_else(|| tree::memory(&pids, units, scratch)),
            },
            io: told.io.or_else(|| tree::io(&pids, scratch)),
            processes: told.processes.or_else(|| Measured::Known(pids.len().try_into().unwrap_or(u32::MAX))),
            ..told
        }
    }
}

/// A run that has no job uses nothing.
fn nothing() -> RunSample {
    RunSample {
        cpu: Measured::Known(std::time::Duration::ZERO),
        memory: Measured::Known(0),
        memory_peak: Measured::Known(0),
        io: Measured::Known(Io::default()),
        processes: Measured::Known(0),
        ..RunSample::default()
    }
}

impl Open {
    fn of(unified: &Path, memory_v1: Option<&Path>) -> Self {
        let at = |name: &str| Live::open(unified.join(name));
        let has_memory = unified.join("memory.current").exists();
        let memory = match memory_v1.filter(|_| !has_memory) {
            Some(dir) => Memory::v1(dir),
            None => Memory::v2(unified),
        };
        Self {
            cpu: at("cpu.stat"),
            memory,
            io: at("io.stat"),
            processes: at("pids.current"),
            pressure: PressureFiles::open(|name| unified.join(format!("{name}.pressure"))),
        }
    }
}

impl Memory {
    fn v2(dir: &Path) -> Self {
        let at = |name: &str| Live::open(dir.join(name));
        let stat = at("memory.stat");
        let (usage, peak) = (at("memory.current"), at("memory.peak"));
        Self { usage, peak, stat, inactive: "inactive_file", is_partial: false }
    }

    fn v1(dir: &Path) -> Self {
        let at = |name: &str| Live::open(dir.join(name));
        let (usage, peak) = (at("memory.usage_in_bytes"), at("memory.max_usage_in_bytes"));
        Self { usage, peak, stat: at("memory.stat"), inactive: "total_inactive_file", is_partial: true }
    }

    /// What cannot be had back at once, and the peak of all.
    fn read(&mut self, scratch: &mut Scratch) -> (Measured<u64>, Measured<u64>) {
        let usage = self.usage.read(scratch).and_then(text::number);
        let peak = self.peak.read(scratch).and_then(text::number);
        let inactive = self.stat.read(scratch).and_then(|text| text::keyed(text, self.inactive));
        (usage.and_then(|usage| Some(usage.saturating_sub(inactive.known().unwrap_or(0)))), peak)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A directory as version 2 has it, with all controllers.
    fn v2(dir: &Path) -> Group {
        let unified = dir.join("herder/app-1-1");
        fs_err::create_dir_all(&unified).unwrap();
        for (name, text) in [
            ("cpu.stat", "usage_usec 5000000\nuser_usec 1\n"),
            ("memory.current", "1000\n"),
            ("memory.peak", "2000\n"),
            ("memory.stat", "anon 1\ninactive_file 300\n"),
            ("io.stat", "8:0 rbytes=1 wbytes=2\n"),
            ("pids.current", "7\n"),
            ("memory.pressure", "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n"),
        ] {
            fs_err::write(unified.join(name), text).unwrap();
        }
        Group { unified, memory_v1: None, open: None }
    }

    fn read(group: &mut Group) -> RunSample {
        group.read(Units::of_machine(), &mut Scratch::new())
    }

    #[test]
    fn all_controllers_tell_all() {
        let dir = tempfile::tempdir().unwrap();
        let sample = read(&mut v2(dir.path()));
        assert_eq!(sample.cpu, Measured::Known(Duration::from_secs(5)));
        assert_eq!((sample.memory, sample.memory_peak), (Measured::Known(700), Measured::Known(2000)));
        assert_eq!(
            (sample.processes, sample.io),
            (Measured::Known(7), Measured::Known(Io { read: 1, written: 2 }))
        );
        assert_eq!(sample.pressure.cpu, Measured::Absent);
        assert_eq!(sample.pressure.memory.known().map(|pressure| pressure.some.avg10), Some(1.0));
    }

    #[test]
    fn a_run_between_two_jobs_uses_nothing_and_that_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let mut group = v2(dir.path());
        fs_err::remove_dir_all(&group.unified).unwrap();
        assert_eq!(read(&mut group), nothing());
    }

    #[test]
    fn a_file_that_makes_no_sense_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let mut group = v2(dir.path());
        fs_err::write(group.unified.join("memory.current"), "plenty\n").unwrap();
        assert_eq!(read(&mut group).memory, Measured::Unknown);
    }

    #[test]
    fn version_1_tells_the_memory_that_version_2_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut group = v2(dir.path());
        let v1 = dir.path().join("v1");
        fs_err::create_dir(&v1).unwrap();
        fs_err::remove_file(group.unified.join("memory.current")).unwrap();
        fs_err::write(v1.join("memory.usage_in_bytes"), "50\n").unwrap();
        fs_err::write(v1.join("memory.max_usage_in_bytes"), "60\n").unwrap();
        fs_err::write(v1.join("memory.stat"), "inactive_file 5\ntotal_inactive_file 20\n").unwrap();
        group.memory_v1 = Some(v1);
        let sample = read(&mut group);
        assert_eq!((sample.memory, sample.memory_peak), (Measured::Known(30), Measured::Known(60)));
    }

    #[test]
    fn what_no_controller_tells_is_read_of_the_processes() {
        let dir = tempfile::tempdir().unwrap();
        let mut group = v2(dir.path());
        for name in ["memory.current", "io.stat", "pids.current"] {
            fs_err::remove_file(group.unified.join(name)).unwrap();
        }
        let leaf = group.unified.join("77");
        fs_err::create_dir(&leaf).unwrap();
        fs_err::write(leaf.join("cgroup.procs"), format!("{}\n", std::process::id())).unwrap();
        let sample = read(&mut group);
        assert_eq!(sample.processes, Measured::Known(1));
        assert!(sample.memory.known().is_some_and(|bytes| bytes > 0), "{sample:?}");
    }
}
