//! What may run now: so many slots, and where it is asked for, what the machine has room for.

mod footprint;
mod headroom;
mod room;
mod slots;
mod smooth;
mod strait;
mod usage;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::repo::RepoId;

pub use footprint::{Footprint, Footprints, Observation, Spread};
pub(crate) use headroom::CORES_FREE;
pub use headroom::{Busy, Door, Doors, Headroom};
pub(crate) use room::{GLANCE, can_go_on, shortage};
pub use room::{Resource, Room, Shortage};
pub use slots::{BadSlots, Slots};
pub use smooth::Smooth;
pub use strait::{Lack, Strait};
pub use usage::Usage;

/// What the orchestrator lets run, however much room the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// How many runs may be at work at once, over all repositories.
    pub max: usize,
    /// Whether anything new is admitted.
    pub admission: Admission,
}

/// Whether anything new is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Goals start when there is room.
    Open,
    /// The orchestrator is going down; nothing starts.
    Draining,
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Draining => f.write_str("draining"),
        }
    }
}

/// How many runs a person lets be at work at once (`herder set max`); it goes before what is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Over all repositories.
    pub everywhere: Option<Slots>,
    /// In one repository; `auto` is no bound of its own.
    pub in_repo: BTreeMap<RepoId, Slots>,
}

impl Limits {
    /// Takes what a person said; nothing said is as configured.
    pub fn set(&mut self, repo: Option<&RepoId>, max: Option<Slots>) {
        match (repo, max) {
            (None, max) => self.everywhere = max,
            (Some(repo), Some(max)) => {
                self.in_repo.insert(repo.clone(), max);
            }
            (Some(repo), None) => {
                self.in_repo.remove(repo);
            }
        }
    }
}

/// How an orchestrator goes that is not to stop what is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Farewell {
    /// Nothing new starts; when what runs has ended and has landed, it goes.
    Drain,
    /// It goes now and leaves its ralphs at work, for the next one to adopt.
    Keep,
}
