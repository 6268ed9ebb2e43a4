//! Undoing what has landed: the way of a goal's work out of the base branch.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Who asked.
    pub by: String,
    /// Whether the gate is asked of the base branch without the work.
    pub gate: UndoGate,
    /// What becomes of the goal.
    pub then: AfterUndo,
    /// Why, in the person's words; it stands first in the next prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
}

/// Whether the gate is asked before work is taken out of the base branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoGate {
    /// It has to be green.
    Ask,
    /// It is not asked.
    Skip,
}

/// What becomes of a goal whose work was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterUndo {
    /// A draft, which a person looks at first.
    Draft,
    /// Queued again, in a new series.
    Queue,
}

/// Why work could not be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "trouble", rename_all = "snake_case")]
pub enum UndoTrouble {
    /// What landed later changed the same lines.
    Conflict {
        /// Which files.
        files: Vec<String>,
    },
    /// The gate says no to the base branch without the work.
    Red {
        /// The end of its output.
        tail: String,
    },
    /// The base branch does not hold the commit any more.
    Gone,
    /// A person closed the pull request that was to take it out.
    Closed,
    /// Reviewers of that pull request want it otherwise.
    Unwanted {
        /// In their words.
        words: String,
    },
    /// It could not be brought there, however often it was tried.
    Undeliverable {
        /// What was said last.
        why: String,
    },
}

impl fmt::Display for UndoTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { files } => {
                write!(f, "what landed later changed the same lines, in {}", files.join(", "))
            }
            Self::Red { tail } => {
                write!(f, "the gate is red on the base branch without it: {}", tail.trim_end())
            }
            Self::Closed => f.write_str("its pull request was closed without being merged"),
            Self::Unwanted { words } => {
                write!(f, "who reviewed its pull request wants it otherwise: {words}")
            }
            Self::Gone => f.write_str("the base branch does not hold its commit any more"),
            Self::Undeliverable { why } => write!(f, "it could not be brought to the origin: {why}"),
        }
    }
}
