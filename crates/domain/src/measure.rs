//! What was measured of this machine and of the runs at work on it: plain figures. `executor` reads them, `capacity`
//! decides by them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run::RunId;

/// A figure that a machine may not tell. What is not known is never nought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured<T> {
    /// So much.
    Known(T),
    /// This machine tells it, but this time it could not be read or made sense of.
    Unknown,
    /// This machine does not tell it.
    #[default]
    Absent,
}

impl<T> Measured<T> {
    /// The figure, where it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown | Self::Absent => None,
        }
    }

    /// Whether this machine does not tell it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// As a reference.
    pub fn as_ref(&self) -> Measured<&T> {
        match self {
            Self::Known(value) => Measured::Known(value),
            Self::Unknown => Measured::Unknown,
            Self::Absent => Measured::Absent,
        }
    }

    /// What `read` makes of it; unknown where that is nothing.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Option<U>) -> Measured<U> {
        match self {
            Self::Known(value) => read(value).map_or(Measured::Unknown, Measured::Known),
            Self::Unknown => Measured::Unknown,
            Self::Absent => Measured::Absent,
        }
    }

    /// This, or what `other` tells where this machine does not tell this.
    #[must_use]
    pub fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Known(_) | Self::Unknown => self,
            Self::Absent => other(),
        }
    }
}

/// For how much of the time work stood still for want of something: the kernel's accounting/psi.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// Percent of the last 10 s.
    pub avg10: f64,
    /// Percent of the last 60 s.
    pub avg60: f64,
    /// In all, microseconds.
    pub total: u64,
}

/// Pressure on one resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// While something stood still.
    pub some: Stall,
    /// While all that could work stood still; old kernels do not tell it of processors.
    pub full: Option<Stall>,
}

/// Pressure on all three resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pressures {
    /// Processors.
    pub cpu: Measured<Pressure>,
    /// Memory.
    pub memory: Measured<Pressure>,
    /// Disks.
    pub io: Measured<Pressure>,
}

/// Room on a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskRoom {
    /// Bytes that an ordinary user may still write.
    pub bytes: u64,
    /// Files that may still be made, where the file system counts them.
    pub inodes: Option<u64>,
}

/// What a process group read from disks and wrote to them, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Io {
    /// Read.
    pub read: u64,
    /// Written.
    pub written: u64,
}

/// This machine at one moment, as far as herder may use it: bounds of its own container count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostSample {
    /// Processors that herder may use, by affinity and quota.
    pub cores: usize,
    /// Pressure on the whole machine.
    pub pressure: Pressures,
    /// Pressure on the cgroup that herder itself is in, where it is in one.
    pub own_pressure: Pressures,
    /// Memory that herder may use at most, bytes.
    pub memory_total: Measured<u64>,
    /// Memory that can still be had without swapping, bytes.
    pub memory_available: Measured<u64>,
    /// Processor time that was used of those processors, by anybody, since some moment.
    pub busy: Measured<Duration>,
    /// Processes that work or wait, on average over a minute.
    pub load: Measured<f64>,
    /// Threads that work or wait for a processor right now.
    pub runnable: Measured<u32>,
    /// Room on the file systems that herder writes to, by directory.
    pub disks: BTreeMap<PathBuf, Measured<DiskRoom>>,
}

/// One run at one moment. Between two jobs of its there is nothing of it, which is nought and not unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSample {
    /// Processor time since its present job began; a new job begins at nought again.
    pub cpu: Measured<Duration>,
    /// Memory that cannot be had back without writing or killing, bytes.
    pub memory: Measured<u64>,
    /// The most that its present job held at once, files that the kernel keeps for it included, bytes.
    pub memory_peak: Measured<u64>,
    /// To and from disks since its present job began.
    pub io: Measured<Io>,
    /// Processes.
    pub processes: Measured<u32>,
    /// Pressure on it alone.
    pub pressure: Pressures,
}

/// All that was measured at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// This machine.
    pub host: HostSample,
    /// The runs that were asked about.
    pub runs: BTreeMap<RunId, RunSample>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_so() {
        assert_eq!(Measured::Known(2).and_then(|two| Some(two + 1)), Measured::Known(3));
        assert_eq!(Measured::Known(2).and_then(|_| None::<u8>), Measured::Unknown);
        assert_eq!(Measured::<u8>::Absent.and_then(Some), Measured::Absent);
        assert_eq!(Measured::Unknown.or_else(|| Measured::Known(1)), Measured::Unknown);
        assert_eq!(Measured::Absent.or_else(|| Measured::Known(1)), Measured::Known(1));
    }

    #[test]
    fn the_three_are_told_apart_in_a_file() {
        let text = |measured: Measured<u8>| serde_json::to_string(&measured).unwrap();
        assert_eq!(
            [Measured::Known(0), Measured::Unknown, Measured::Absent].map(text),
            [r#"{"known":0}"#, r#""unknown""#, r#""absent""#]
        );
    }
}
