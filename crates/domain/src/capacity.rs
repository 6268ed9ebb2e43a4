//! What may run now.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the orchestrator lets run. So far: slots; measured headroom joins it later.
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
