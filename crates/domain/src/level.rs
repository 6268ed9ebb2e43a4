//! How much it matters that a person hears of something.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much it matters, from the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Info,
    /// A person has to act, some time.
    #[default]
    Attention,
    /// A person was told before, and still has to act.
    Urgent,
}

impl Level {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Attention, Self::Urgent];

    /// `info`, `attention` or `urgent`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Attention => "attention",
            Self::Urgent => "urgent",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
