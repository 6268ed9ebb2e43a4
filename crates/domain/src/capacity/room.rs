//! Whether the machine has room for one more run, and what it is short of where it has not.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::footprint::{Footprint, Footprints};
use super::headroom::{CORES_FREE, Door, Headroom};
use crate::frost::Frozen;
use crate::goal::Goal;
use crate::measure::DiskRoom;
use crate::run::Run;
use crate::world::World;

/// So long after a start the machine is not asked again: what has begun has to show first.
const SETTLING: Duration = Duration::from_secs(5);
/// The same where half of the machine would be free even then.
pub(crate) const GLANCE: Duration = Duration::from_secs(1);

/// So long a run that nobody knows the like of has its reservation of memory.
const UNKNOWN_FOR: f64 = 600.0;
/// And for so long any run has its reservation of processors.
const CORES_FOR: f64 = 60.0;

/// The share of all memory that is never given away: one of so many parts, and at least so much.
const KEPT_PART: u64 = 20;
const KEPT_LEAST: u64 = 256 << 20;

/// The memory of a run that nobody knows the like of: a part of all, within these.
const UNKNOWN_PART: u64 = 8;
const UNKNOWN_LEAST: u64 = 512 << 20;
const UNKNOWN_MOST: u64 = 4 << 30;

/// What was measured and learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// What is free; absent until something was measured.
    pub headroom: Option<Headroom>,
    /// What runs are like.
    pub footprints: Footprints,
}

/// A resource of which there is only so much at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Processors.
    Cpu,
    /// Memory.
    Memory,
    /// Disks.
    Io,
}

/// What the machine is short of for one more run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "short", rename_all = "snake_case")]
pub enum Shortage {
    /// Nothing was measured yet.
    NotMeasured,
    /// Another run has only just begun.
    Settling {
        /// Until then.
        until: Timestamp,
    },
    /// Processors, in thousandths.
    Cores {
        /// How many idle.
        idle: u64,
        /// How many of these are kept for runs that have just begun.
        reserved: u64,
        /// How many there are.
        all: u64,
    },
    /// Memory, bytes.
    Memory {
        /// What can be had.
        available: u64,
        /// What of it is kept for runs at work.
        reserved: u64,
        /// What this run is expected to hold.
        wanted: u64,
        /// What is never given away.
        kept: u64,
    },
    /// Work stands still for want of it.
    Pressure {
        /// Of what.
        on: Resource,
        /// For this percent of the last ten seconds, where it is told.
        percent: Option<u64>,
    },
    /// Memory, for what is at work already.
    Frozen {
        /// So many runs stand still for want of it, and go on first.
        runs: usize,
    },
    /// Room on a disk.
    Disk {
        /// Of this directory.
        place: PathBuf,
        /// Bytes that are left.
        bytes: u64,
        /// Files that may still be made, where they are counted.
        inodes: Option<u64>,
    },
}

/// What a run is expected to use.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Expected {
    memory: f64,
    cores: f64,
    /// For so long nobody knows better, seconds.
    memory_for: f64,
}

/// What the machine is short of for one more run at a goal; `None` if it has room.
pub(crate) fn shortage(world: &World, room: &Room, goal: &Goal, now: Timestamp) -> Option<Shortage> {
    let at_work: Vec<&Run> = world.runs.values().filter(|run| run.takes_slot()).collect();
    let Some(headroom) = &room.headroom else { return Some(Shortage::NotMeasured) };
    let one = One { world, room, headroom, now };
    let first = one
        .frozen(&at_work)
        .or_else(|| one.settling(&at_work))
        .or_else(|| one.disk())
        .or_else(|| one.memory(goal, &at_work));
    // A machine that has nothing of ours to do may be busy with other things for ever.
    if at_work.is_empty() { first } else { first.or_else(|| one.stalled()).or_else(|| one.cores(&at_work)) }
}

/// Whether what runs are still expected to take can be had.
pub(crate) fn can_go_on(world: &World, room: &Room, runs: &[&Run], now: Timestamp) -> bool {
    let one = room.headroom.as_ref().map(|headroom| One { world, room, headroom, now });
    one.is_some_and(|one| one.lacks(runs, 0).is_none())
}

/// One look at one goal.
struct One<'w> {
    world: &'w World,
    room: &'w Room,
    headroom: &'w Headroom,
    now: Timestamp,
}

impl One<'_> {
    fn settling(&self, at_work: &[&Run]) -> Option<Shortage> {
        let last = at_work.iter().map(|run| run.ordered_at).max()?;
        let until = last.checked_add(if self.is_wide(at_work) { GLANCE } else { SETTLING }).ok()?;
        // A clock that was set back must not hold anything for long.
        (self.now >= last && self.now < until).then_some(Shortage::Settling { until })
    }

    /// Whether half of the processors and half of the memory would be left if all at work took what is expected.
    fn is_wide(&self, at_work: &[&Run]) -> bool {
        let cores: f64 = at_work.iter().map(|run| self.cores_to_come(run)).sum();
        let memory = at_work.iter().map(|run| self.memory_to_come(run)).fold(0, u64::saturating_add);
        let has_cores =
            self.headroom.idle().is_some_and(|idle| idle - cores >= self.headroom.cores as f64 / 2.0);
        let known = self.headroom.memory_available.known().zip(self.headroom.memory_total.known());
        has_cores && known.is_some_and(|(available, total)| available.saturating_sub(memory) >= total / 2)
    }

    /// Who stands still for want of memory goes on before anything else begins.
    fn frozen(&self, at_work: &[&Run]) -> Option<Shortage> {
        let runs = at_work.iter().filter(|run| run.frozen().is_some_and(Frozen::is_for_memory)).count();
        (runs > 0).then_some(Shortage::Frozen { runs })
    }

    fn disk(&self) -> Option<Shortage> {
        if self.headroom.doors.disk == Door::Open {
            return None;
        }
        let rooms = self.headroom.disks.iter().filter_map(|(place, room)| Some((place, room.known()?)));
        let (place, DiskRoom { bytes, inodes }) = rooms.min_by_key(|(_, room)| (room.bytes, room.inodes))?;
        Some(Shortage::Disk { place: place.clone(), bytes, inodes })
    }

    fn memory(&self, goal: &Goal, at_work: &[&Run]) -> Option<Shortage> {
        // Alone it may have all there is.
        let agent = self.world.agent_of(goal);
        let wanted = if at_work.is_empty() { 0 } else { whole(self.expected(goal, agent).memory) };
        self.lacks(at_work, wanted)
    }

    /// What is missing for runs at work and for one more that wants so much.
    fn lacks(&self, at_work: &[&Run], wanted: u64) -> Option<Shortage> {
        let known = self.headroom.memory_available.known().zip(self.headroom.memory_total.known());
        let Some((available, total)) = known else {
            return (!at_work.is_empty()).then_some(Shortage::NotMeasured);
        };
        let part = total / KEPT_PART;
        let kept = match self.headroom.doors.memory {
            Door::Open => part,
            Door::Closed => 2 * part,
        };
        let kept = kept.max(KEPT_LEAST.min(total / 4));
        let reserved = at_work.iter().map(|run| self.memory_to_come(run)).fold(0, u64::saturating_add);
        let is_enough = available >= reserved.saturating_add(wanted).saturating_add(kept);
        (!is_enough).then_some(Shortage::Memory { available, reserved, wanted, kept })
    }

    /// What a run at work is still expected to take beside what it has.
    fn memory_to_come(&self, run: &Run) -> u64 {
        let usage = self.headroom.runs.get(&run.id);
        let peak = usage.and_then(|usage| usage.memory_peak).unwrap_or(0);
        let reserved = match self.expected_of(run) {
            Some(expected) if self.age(run) < expected.memory_for => whole(expected.memory).max(peak),
            Some(_) | None => peak,
        };
        reserved.saturating_sub(usage.and_then(|usage| usage.memory.known()).unwrap_or(0))
    }

    fn stalled(&self) -> Option<Shortage> {
        let pressure = self.headroom.pressure;
        let doors = [
            (self.headroom.doors.memory, Resource::Memory, pressure.memory.and_then(|told| Some(told.some))),
            (self.headroom.doors.io, Resource::Io, pressure.io.and_then(|told| told.full)),
        ];
        let closed = doors.into_iter().find(|(door, ..)| *door == Door::Closed)?;
        let percent = closed.2.known().map(|stall| whole(stall.avg10));
        Some(Shortage::Pressure { on: closed.1, percent })
    }

    fn cores(&self, at_work: &[&Run]) -> Option<Shortage> {
        let all = self.headroom.cores as f64;
        let Some(idle) = self.headroom.idle() else {
            let told = self.headroom.pressure.cpu.known().map(|pressure| whole(pressure.some.avg10));
            let closed = self.headroom.doors.cpu == Door::Closed;
            return closed.then_some(Shortage::Pressure { on: Resource::Cpu, percent: told });
        };
        let reserved: f64 = at_work.iter().map(|run| self.cores_to_come(run)).sum();
        let has_room = self.headroom.doors.cpu == Door::Open && idle - reserved >= CORES_FREE * all;
        let thousandths = |cores: f64| whole(1_000.0 * cores);
        (!has_room).then(|| Shortage::Cores {
            idle: thousandths(idle),
            reserved: thousandths(reserved),
            all: thousandths(all),
        })
    }

    /// Processors that a run at work is still expected to take beside those that it has.
    fn cores_to_come(&self, run: &Run) -> f64 {
        let usage = self.headroom.runs.get(&run.id).and_then(|usage| usage.cores.value()).unwrap_or(0.0);
        let expected = self.expected_of(run).filter(|_| self.age(run) < CORES_FOR);
        expected.map_or(0.0, |expected| (expected.cores - usage).max(0.0))
    }

    /// Seconds since it was ordered.
    fn age(&self, run: &Run) -> f64 {
        self.now.duration_since(run.ordered_at).as_secs_f64()
    }

    fn expected_of(&self, run: &Run) -> Option<Expected> {
        let goal = self.world.goals.get(&run.goal)?;
        let agent = run.agent.as_deref().unwrap_or_else(|| self.world.agent_of(goal));
        Some(self.expected(goal, agent))
    }

    fn expected(&self, goal: &Goal, agent: &str) -> Expected {
        let total = self.headroom.memory_total.known().unwrap_or(u64::MAX);
        let key = (goal.id.repo.clone(), agent.to_owned());
        let known: Option<&Footprint> = self.room.footprints.get(&key);
        let unknown_memory = (total / UNKNOWN_PART).clamp(UNKNOWN_LEAST, UNKNOWN_MOST) as f64;
        let memory = known.and_then(|known| known.memory);
        let usual = Expected {
            memory: memory.map_or(unknown_memory, |memory| memory.p90),
            cores: known
                .and_then(|known| known.cores)
                .map_or(self.headroom.cores as f64 / 2.0, |cores| cores.p50),
            memory_for: known.filter(|_| memory.is_some()).map_or(UNKNOWN_FOR, |known| known.seconds.p50),
        };
        // What the machine had too little memory for gets all of it.
        if goal.series.out_of_memory > 0 {
            return Expected { memory: total as f64, memory_for: f64::MAX, ..usual };
        }
        usual
    }
}

/// The whole number below; nothing of this is negative or beyond what a machine has.
fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = |thousandths: &u64| format!("{}.{}", thousandths / 1_000, thousandths % 1_000 / 100);
        let mib = |bytes: &u64| format!("{} MiB", bytes >> 20);
        match self {
            Self::NotMeasured => f.write_str("what this machine has free is not measured yet"),
            Self::Settling { until } => {
                write!(f, "another run has only just begun; the machine is looked at again at {until:.0}")
            }
            Self::Cores { idle, reserved, all } => {
                let (idle, reserved, all) = (cores(idle), cores(reserved), cores(all));
                write!(
                    f,
                    "{idle} of {all} processors idle, {reserved} of them kept for runs that have just begun"
                )
            }
            Self::Memory { available, reserved, wanted, kept } => write!(
                f,
                "{} of memory can be had: {} are kept for runs at work, {} for the machine, and it is \
                 expected to need {}",
                mib(available),
                mib(reserved),
                mib(kept),
                mib(wanted)
            ),
            Self::Pressure { on, percent } => {
                let on = match on {
                    Resource::Cpu => "processors",
                    Resource::Memory => "memory",
                    Resource::Io => "disks",
                };
                match percent {
                    Some(percent) => write!(f, "work waited for {on} {percent}% of the last ten seconds"),
                    None => write!(f, "work waits for {on}"),
                }
            }
            Self::Frozen { runs: 1 } => {
                f.write_str("a run stands still for want of memory, and goes on first")
            }
            Self::Frozen { runs } => {
                write!(f, "{runs} runs stand still for want of memory, and go on first")
            }
            Self::Disk { place, bytes, inodes } => {
                write!(f, "{} are left below {}", mib(bytes), place.display())?;
                inodes.map_or(Ok(()), |inodes| write!(f, ", and {inodes} files"))
            }
        }
    }
}

impl Shortage {
    /// When time alone ends it.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Settling { until } => Some(*until),
            Self::NotMeasured
            | Self::Cores { .. }
            | Self::Memory { .. }
            | Self::Pressure { .. }
            | Self::Frozen { .. }
            | Self::Disk { .. } => None,
        }
    }
}

impl Room {
    /// Nothing measured and nothing learned.
    pub fn unknown() -> Self {
        Self { headroom: None, footprints: Footprints::new() }
    }
}
