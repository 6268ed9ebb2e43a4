//! Whether this machine has enough memory for what is at work already. It is said early that it has not, and late that it has.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::headroom::Headroom;

/// Less memory than this part of all (and than so many bytes on a small machine), and some run has to stand still: what
/// admission gives to nobody is spent.
const FLOOR_PART: u64 = 20;
const FLOOR_LEAST: u64 = 256 << 20;

/// There has to be twice as much before it goes on.
const EASED: u64 = 2;

/// Something waits for memory this percent of the time,
const STALLS: f64 = 20.0;
/// and hardly any more.
const FLOWS: f64 = 2.0;

/// Where more than this part of all can be had, the machine is not what work waits for: a run is at a bound of its own,
/// and no other could help it.
const PLENTY_PART: u64 = 4;

/// How it stands with memory for what is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strait {
    /// There is enough, and has been for a minute.
    Eased,
    /// Neither enough nor too little.
    Between,
    /// Too little.
    Tight(Lack),
}

/// How short memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// What can be had, bytes, where that is told.
    pub available: Option<u64>,
    /// What there has to be, bytes.
    pub floor: u64,
    /// For this percent of the last ten seconds work waited for memory, where that is told.
    pub stalled: Option<u64>,
}

impl Headroom {
    /// How it stands with memory; `None` where this machine tells nothing of it.
    pub fn strait(&self) -> Option<Strait> {
        let pressure = self.pressure.memory.known();
        if self.memory_available.is_absent() && pressure.is_none() {
            return None;
        }
        let (available, total) = (self.memory_available.known(), self.memory_total.known());
        let floor = floor(total);
        let is_plenty = available.zip(total).is_some_and(|(left, total)| left >= total / PLENTY_PART);
        let stalls = pressure.is_some_and(|pressure| pressure.some.avg10 > STALLS);
        if available.is_some_and(|left| left < floor) || (stalls && !is_plenty) {
            let stalled = pressure.map(|pressure| pressure.some.avg10.max(0.0) as u64);
            return Some(Strait::Tight(Lack { available, floor, stalled }));
        }
        let flows = is_plenty || pressure.is_none_or(|pressure| pressure.some.avg60 < FLOWS);
        // What could not be read this time is not enough.
        let is_enough = available.map_or(self.memory_available.is_absent(), |left| left >= EASED * floor);
        Some(if flows && is_enough { Strait::Eased } else { Strait::Between })
    }
}

fn floor(total: Option<u64>) -> u64 {
    total.map_or(FLOOR_LEAST, |total| (total / FLOOR_PART).max(FLOOR_LEAST.min(total / 8)))
}

impl Lack {
    /// What there has to be before anything goes on, bytes.
    pub fn enough(&self) -> u64 {
        EASED * self.floor
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
        match (self.available, self.stalled) {
            (Some(available), _) if available < self.floor => {
                write!(f, "{} of memory could be had, less than {}", mib(available), mib(self.floor))
            }
            (available, stalled) => {
                let percent = stalled.unwrap_or_default();
                write!(f, "work waited for memory {percent}% of ten seconds")?;
                available.map_or(Ok(()), |available| write!(f, ", and {} could be had", mib(available)))
            }
        }
    }
}
