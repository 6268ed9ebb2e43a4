//! What people say to a goal while it is worked at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Goal;

/// Something that a person said to a goal. Every later prompt repeats it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its place among all that the goal was told, from 1, never used again.
    pub id: u32,
    /// When it was said.
    pub at: Timestamp,
    /// The person's words.
    pub text: String,
    /// The agent's question that it answers, where it answers one.
    #[serde(default)]
    pub question: Option<String>,
}

impl Told {
    /// The longest text that is taken, in bytes: it stands in every prompt.
    pub const TEXT_MAX: usize = 8 << 10;
    /// How much of what a goal was told is kept, newest.
    pub const KEPT: usize = 20;
}

impl Goal {
    /// Keeps what a person said; the oldest goes where there is too much.
    pub(crate) fn hear(&mut self, text: &str, question: Option<String>, at: Timestamp) -> Told {
        let id = self.told.last().map_or(1, |last| last.id.saturating_add(1));
        let told = Told { id, at, text: text.into(), question };
        self.told.push(told.clone());
        let excess = self.told.len().saturating_sub(Told::KEPT);
        self.told.drain(..excess);
        told
    }
}
