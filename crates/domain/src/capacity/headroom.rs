//! What is free on this machine, folded from samples: it closes early and opens late.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::smooth::{self, Smooth};
use super::usage::Usage;
use crate::measure::{DiskRoom, HostSample, Measured, Pressure, Pressures, Sample};
use crate::run::RunId;

/// Processors count as spent when fewer than this share of them idles,
const CORES_SPENT: f64 = 0.03;
/// and as free again when more than this share does, for a minute.
pub(crate) const CORES_FREE: f64 = 0.06;

/// Where nobody tells how busy processors are: work waits for them this percent of the time,
const CPU_STALLS: f64 = 50.0;
/// and hardly any more.
const CPU_FLOWS: f64 = 20.0;

/// Something waits for memory this percent of the time,
const MEMORY_STALLS: f64 = 10.0;
/// and hardly any more.
const MEMORY_FLOWS: f64 = 2.0;

/// Everything waits for disks this percent of the time,
const IO_STALLS: f64 = 40.0;
/// and hardly any more.
const IO_FLOWS: f64 = 10.0;

/// Less room on a disk than this, and nothing begins, bytes;
const DISK_SPENT: u64 = 1 << 30;
/// and more than this, and it does again.
const DISK_FREE: u64 = 3 << 29;
/// The same for files.
const INODES_SPENT: u64 = 10_000;
const INODES_FREE: u64 = 20_000;

/// Whether a resource lets anything more begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// There is room.
    #[default]
    Open,
    /// There was none, and there is not enough again.
    Closed,
}

impl Door {
    fn next(self, closes: bool, opens: bool) -> Self {
        match (self, closes, opens) {
            (_, true, _) => Self::Closed,
            (Self::Closed, false, true) => Self::Open,
            (state, false, _) => state,
        }
    }
}

/// The doors of all resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doors {
    /// Processors.
    pub cpu: Door,
    /// Memory, by its pressure; how much there is is another question.
    pub memory: Door,
    /// Disks, by their pressure.
    pub io: Door,
    /// Room on disks.
    pub disk: Door,
}

/// How many processors are busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Busy {
    /// By anybody, on average over some ten seconds.
    pub all: Smooth,
    /// By what is none of the runs, on average over a minute.
    pub others: Smooth,
    /// Processor time that had been used when that was seen last.
    last: Option<Duration>,
}

/// What is free on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Headroom {
    /// When it was looked at last.
    pub at: Timestamp,
    /// Processors.
    pub cores: usize,
    /// How many of them are busy.
    pub busy: Busy,
    /// Memory in all, bytes.
    pub memory_total: Measured<u64>,
    /// Memory that can be had, bytes.
    pub memory_available: Measured<u64>,
    /// The worse of the machine's and of our own cgroup's pressure.
    pub pressure: Pressures,
    /// Processes that work or wait, on average over a minute.
    pub load: Measured<f64>,
    /// Room on disks.
    pub disks: BTreeMap<PathBuf, Measured<DiskRoom>>,
    /// What lets anything more begin.
    pub doors: Doors,
    /// What runs have used so far.
    pub runs: BTreeMap<RunId, Usage>,
}

impl Headroom {
    /// After a first sample.
    pub fn of(sample: &Sample) -> Self {
        let mut headroom = Self {
            at: sample.at,
            cores: sample.host.cores,
            busy: Busy::default(),
            memory_total: Measured::Absent,
            memory_available: Measured::Absent,
            pressure: Pressures::default(),
            load: Measured::Absent,
            disks: BTreeMap::new(),
            doors: Doors::default(),
            runs: BTreeMap::new(),
        };
        headroom.take(sample);
        headroom
    }

    /// Takes a sample in.
    pub fn take(&mut self, sample: &Sample) {
        let host = &sample.host;
        let passed = smooth::between(self.at, sample.at);
        let by_runs = sample
            .runs
            .iter()
            .map(|(run, used)| self.runs.entry(run.clone()).or_default().take(used, sample.at));
        let by_runs = by_runs.fold(Duration::ZERO, Duration::saturating_add);
        self.busy.take(host, by_runs, passed);
        self.at = sample.at;
        self.cores = host.cores;
        self.memory_total = host.memory_total;
        self.memory_available = host.memory_available;
        self.pressure = worse(host.pressure, host.own_pressure);
        self.load = host.load;
        self.disks.clone_from(&host.disks);
        self.doors = self.turned();
    }

    /// What runs that are over used is idle from now on; what they had used in all is kept while it `is_wanted`.
    pub fn keep(&mut self, is_at_work: impl Fn(&RunId) -> bool, is_wanted: impl Fn(&RunId) -> bool) {
        self.runs.retain(|run, _| is_wanted(run));
        self.runs.iter_mut().filter(|(run, _)| !is_at_work(run)).for_each(|(_, usage)| usage.rest());
    }

    /// Idle processors on average over a minute, where anybody tells. What a run that has ended used is idle at once.
    pub fn idle(&self) -> Option<f64> {
        let by_runs: f64 = self.runs.values().filter_map(|usage| usage.cores.value()).sum();
        Some((self.cores as f64 - self.busy.others.value()? - by_runs).max(0.0))
    }

    fn turned(&self) -> Doors {
        let doors = self.doors;
        let (memory, io) = (self.pressure.memory.known(), self.pressure.io.known());
        let memory = memory.map_or((false, true), |pressure| {
            (pressure.some.avg10 > MEMORY_STALLS, pressure.some.avg60 < MEMORY_FLOWS)
        });
        let io = io
            .and_then(|pressure| pressure.full)
            .map_or((false, true), |full| (full.avg10 > IO_STALLS, full.avg60 < IO_FLOWS));
        let rooms: Vec<DiskRoom> = self.disks.values().filter_map(|room| room.known()).collect();
        let below = |bytes, inodes| {
            rooms.iter().any(|room| room.bytes < bytes || room.inodes.is_some_and(|free| free < inodes))
        };
        let (disk, cpu) =
            ((below(DISK_SPENT, INODES_SPENT), !below(DISK_FREE, INODES_FREE)), self.of_cores());
        Doors {
            cpu: doors.cpu.next(cpu.0, cpu.1),
            memory: doors.memory.next(memory.0, memory.1),
            io: doors.io.next(io.0, io.1),
            disk: doors.disk.next(disk.0, disk.1),
        }
    }

    /// Whether the door of processors is to close, or may open: by how busy they are, else by their pressure, else
    /// by the load.
    fn of_cores(&self) -> (bool, bool) {
        let cores = self.cores as f64;
        if let (Some(all), Some(idle)) = (self.busy.all.value(), self.idle()) {
            let is_spent = cores - all < CORES_SPENT * cores && idle < CORES_FREE * cores;
            return (is_spent, idle >= CORES_FREE * cores);
        }
        if let Some(Pressure { some, .. }) = self.pressure.cpu.known() {
            return (some.avg10 > CPU_STALLS, some.avg60 < CPU_FLOWS);
        }
        self.load.known().map_or((false, true), |load| (load >= cores, load < 0.75 * cores))
    }
}

impl Busy {
    fn take(&mut self, host: &HostSample, by_runs: Duration, passed: Option<Duration>) {
        let Some(used) = host.busy.known() else { return };
        let before = self.last.replace(used);
        if let (Some(passed), Some(more)) = (passed, before.and_then(|before| used.checked_sub(before))) {
            let cores = |time: Duration| (time.as_secs_f64() / passed.as_secs_f64()).min(host.cores as f64);
            self.all.take(cores(more), passed, smooth::FAST);
            self.others.take(cores(more.saturating_sub(by_runs)), passed, smooth::SLOW);
        }
    }
}

fn worse(one: Pressures, other: Pressures) -> Pressures {
    let worse = |one: Measured<Pressure>, other: Measured<Pressure>| match (one.known(), other.known()) {
        (Some(one), Some(other)) if other.some.avg10 > one.some.avg10 => Measured::Known(other),
        (Some(one), _) => Measured::Known(one),
        (None, Some(other)) => Measured::Known(other),
        (None, None) => one.or_else(|| other),
    };
    Pressures {
        cpu: worse(one.cpu, other.cpu),
        memory: worse(one.memory, other.memory),
        io: worse(one.io, other.io),
    }
}
