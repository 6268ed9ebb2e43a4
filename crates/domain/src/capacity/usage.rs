//! What a run has used so far, folded from samples.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::smooth::{self, Smooth};
use crate::measure::{Io, Measured, RunSample};

/// What a run has used so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time, as far as it was seen; written as seconds.
    #[serde(with = "crate::duration::seconds")]
    pub cpu: Duration,
    /// Processors, on average over the last minute.
    pub cores: Smooth,
    /// Memory that cannot be had back without writing or killing, now, bytes.
    pub memory: Measured<u64>,
    /// The most of it that was seen, bytes.
    pub memory_peak: Option<u64>,
    /// From and to disks; absent where nobody told.
    pub io: Option<Io>,
    /// Processes now.
    pub processes: Measured<u32>,
    /// The most of them that were seen.
    pub processes_peak: Option<u32>,
    /// What was seen last.
    last: Option<Seen>,
}

/// In words for a person.
impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        write!(f, "{:.0} s of processor time", self.cpu.as_secs_f64())?;
        self.cores.value().map_or(Ok(()), |cores| write!(f, " ({cores:.1} processors lately)"))?;
        if let Some(peak) = self.memory_peak {
            let now = self.memory.known().map(|now| format!("{} of memory, ", mib(now))).unwrap_or_default();
            write!(f, ", {now}{} at most", mib(peak))?;
        }
        if let Some(count) = self.processes_peak {
            let now = self.processes.known().map(|now| format!("{now} processes, ")).unwrap_or_default();
            write!(f, ", {now}{count} at most")?;
        }
        self.io.map_or(Ok(()), |io| write!(f, ", {} read, {} written", mib(io.read), mib(io.written)))
    }
}

/// What was seen last; a new job begins at nought again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    at: Timestamp,
    cpu: Option<Duration>,
    io: Option<Io>,
}

impl Usage {
    /// Takes a sample in; gives the processor time that was used since the last one.
    pub fn take(&mut self, sample: &RunSample, at: Timestamp) -> Duration {
        let cpu_before = self.cpu;
        let (cpu, io) = (sample.cpu.known(), sample.io.known());
        let before = self.last.replace(Seen {
            at,
            cpu: cpu.or(self.last.and_then(|last| last.cpu)),
            io: io.or(self.last.and_then(|last| last.io)),
        });
        if let Some(now) = cpu {
            let more = grown(before.and_then(|seen| seen.cpu), now);
            self.cpu = self.cpu.saturating_add(more);
            if let Some(passed) = before.and_then(|seen| smooth::between(seen.at, at)) {
                self.cores.take(more.as_secs_f64() / passed.as_secs_f64(), passed, smooth::SLOW);
            }
        }
        if let Some(now) = io {
            let (seen, sum) = (before.and_then(|seen| seen.io), self.io.unwrap_or_default());
            self.io = Some(Io {
                read: sum.read.saturating_add(more(seen.map(|io| io.read), now.read)),
                written: sum.written.saturating_add(more(seen.map(|io| io.written), now.written)),
            });
        }
        self.memory = sample.memory;
        self.memory_peak = self.memory_peak.max(sample.memory.known());
        self.processes = sample.processes;
        self.processes_peak = self.processes_peak.max(sample.processes.known());
        self.cpu.saturating_sub(cpu_before)
    }
}

impl Usage {
    /// The run is over: it uses nothing any more.
    pub(super) fn rest(&mut self) {
        self.cores = Smooth::default();
        self.memory = Measured::Known(0);
        self.processes = Measured::Known(0);
    }
}

fn grown(before: Option<Duration>, now: Duration) -> Duration {
    before.and_then(|before| now.checked_sub(before)).unwrap_or(now)
}

fn more(before: Option<u64>, now: u64) -> u64 {
    before.and_then(|before| now.checked_sub(before)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn sample(cpu: u64, memory: u64) -> RunSample {
        RunSample {
            cpu: Measured::Known(Duration::from_secs(cpu)),
            memory: Measured::Known(memory),
            io: Measured::Known(Io { read: cpu, written: 2 * cpu }),
            processes: Measured::Known(3),
            ..RunSample::default()
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    #[test]
    fn a_new_job_counts_from_nought_and_is_added() {
        let mut usage = Usage::default();
        for (second, cpu, memory) in [(0, 1, 50), (1, 3, 90), (2, 0, 0), (3, 2, 10)] {
            usage.take(&sample(cpu, memory), at(second));
        }
        assert_eq!((usage.cpu, usage.memory_peak), (Duration::from_secs(5), Some(90)));
        assert_eq!((usage.memory, usage.io), (Measured::Known(10), Some(Io { read: 5, written: 10 })));
    }

    #[test]
    fn what_could_not_be_read_once_is_made_up_for() {
        let mut usage = Usage::default();
        usage.take(&sample(1, 50), at(0));
        usage.take(&RunSample { cpu: Measured::Unknown, io: Measured::Unknown, ..sample(0, 60) }, at(1));
        usage.take(&sample(4, 55), at(2));
        assert_eq!(
            (usage.cpu, usage.io.map(|io| io.read), usage.memory_peak),
            (Duration::from_secs(4), Some(4), Some(60))
        );
    }

    #[test]
    fn a_clock_that_jumps_makes_no_rate() {
        let mut usage = Usage::default();
        usage.take(&sample(0, 1), at(100));
        usage.take(&sample(2, 1), at(101));
        let before = usage.cores;
        usage.take(&sample(4, 1), at(50));
        usage.take(&sample(6, 1), at(100_000));
        assert_eq!(usage.cores, before);
        assert_eq!(usage.cpu, Duration::from_secs(6));
    }
}
