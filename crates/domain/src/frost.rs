//! A run that stands still with all its processes, and goes on later as if no time had passed for it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::Lack;

/// Whether a run stands still, and how often that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frost {
    /// How often it was frozen or thawed: the ralph obeys the word with the highest number.
    pub turn: u32,
    /// When that was last; unknown of runs of before this was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Why it stands still, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Frozen>,
}

/// Why a run stands still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Since then.
    pub since: Timestamp,
    /// Why.
    pub why: Chill,
}

/// Why a run is frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "chill", rename_all = "snake_case")]
pub enum Chill {
    /// A person wants it.
    Person {
        /// Who.
        by: String,
    },
    /// This machine was short of memory. It goes on when there is room.
    Memory {
        /// How short.
        #[serde(flatten)]
        lack: Lack,
    },
}

impl Frost {
    /// That of most runs, which never stood still.
    pub(crate) fn is_unknown(&self) -> bool {
        self.turn == 0
    }
}

impl Frozen {
    /// How short memory was, where it stands still for that, and nobody wants it to.
    pub fn lack(&self) -> Option<Lack> {
        match self.why {
            Chill::Memory { lack } => Some(lack),
            Chill::Person { .. } => None,
        }
    }

    /// Whether it stands still for want of memory.
    pub fn is_for_memory(&self) -> bool {
        self.lack().is_some()
    }
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Chill::Person { by } => write!(f, "{by} froze it at {:.0}", self.since),
            Chill::Memory { lack } => write!(f, "it stands still since {:.0}: {lack}", self.since),
        }
    }
}
