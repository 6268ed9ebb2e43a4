//! What is done at a point.

use std::fmt;
use std::str::FromStr;

use herder_testkit::intercept::{Call, Deed};
use herder_testkit::{processes, processes_with};
use rustix::process::Signal;

use crate::point::{Point, Role, with_role};

/// What befalls a night at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process that the point belongs to is killed; of a git, the one that started it.
    Owner,
    /// The very process that makes the call is killed: a git.
    Caller,
    /// Every process of a role is killed.
    Every(Role),
    /// All processes are killed at once.
    All,
    /// Half of what was to be written is, then all processes are killed.
    Torn,
    /// The disk is full from here on, for a while.
    Full,
}

/// What came of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Struck {
    /// Processes were killed.
    Processes,
    /// The disk is full now.
    Disk,
    /// There was nobody to be killed, or nothing to be torn.
    Nobody,
}

const WORDS: &[(&str, Fault)] = &[
    ("owner", Fault::Owner),
    ("caller", Fault::Caller),
    ("orchestrator", Fault::Every(Role::Orchestrator)),
    ("ralph", Fault::Every(Role::Ralph)),
    ("keeper", Fault::Every(Role::Keeper)),
    ("agent", Fault::Every(Role::Agent)),
    ("job", Fault::Every(Role::Job)),
    ("all", Fault::All),
    ("torn", Fault::Torn),
    ("full", Fault::Full),
];

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = WORDS.iter().find(|(_, fault)| fault == self).map_or("?", |(word, _)| word);
        to.write_str(word)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = WORDS.iter().find(|(word, _)| *word == text);
        found.map(|(_, fault)| *fault).ok_or_else(|| format!("no fault is called {text:?}"))
    }
}

impl Fault {
    /// Does it, while the call is held: nobody can write meanwhile.
    pub fn strike(self, call: &Call, point: &Point, marker: &str) -> Struck {
        match self {
            Self::Owner => killed(&[point.owner]),
            Self::Caller => killed(&call.process().into_iter().collect::<Vec<_>>()),
            Self::Every(role) => killed(&with_role(&processes_with(marker), role)),
            Self::All => kill_all(marker),
            Self::Torn if call.deed() == Deed::Write && call.half_do().is_ok() => kill_all(marker),
            Self::Torn => Struck::Nobody,
            Self::Full => Struck::Disk,
        }
    }
}

fn killed(pids: &[u32]) -> Struck {
    pids.iter().for_each(|pid| processes::kill(*pid, Signal::KILL));
    if pids.is_empty() { Struck::Nobody } else { Struck::Processes }
}

fn kill_all(marker: &str) -> Struck {
    processes::kill_all_with(marker);
    Struck::Processes
}

/// Whether a call needs room on the disk.
pub fn needs_room(deed: Deed) -> bool {
    match deed {
        Deed::Write | Deed::Create | Deed::MakeDir | Deed::Link | Deed::Truncate => true,
        Deed::Sync | Deed::Rename | Deed::Remove | Deed::Execute | Deed::Signal => false,
    }
}
