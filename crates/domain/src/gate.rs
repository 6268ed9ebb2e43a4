//! What a gate said.

use serde::{Deserialize, Serialize};

/// The answer of a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It exited with 0.
    Green,
    /// It exited otherwise, or was killed, or ran out of time.
    Red {
        /// The end of its output, bounded, for the next prompt.
        tail: String,
    },
    /// The repository has no gate.
    Missing,
}
