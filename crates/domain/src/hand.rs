//! Work by hand: a person takes a goal, works in its workspace, and gives it back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::goal::GoalState;

/// What stands for the agent of a run that a person does by hand.
pub const PERSON: &str = "person";

/// A goal is in a person's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who holds it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// Where the goal stood; it goes back there when nothing comes of it.
    pub before: GoalState,
}

/// How a person gives a goal back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandEnd {
    /// The work is finished and is to land.
    Finished,
    /// A ralph is to go on from here.
    Back,
    /// What was changed is to be forgotten; the vault keeps it.
    Dropped,
}

impl HandEnd {
    /// The one word for `exit_reason` and for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "done",
            Self::Back => "given_back",
            Self::Dropped => "dropped",
        }
    }
}
