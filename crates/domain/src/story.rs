//! The parent issue that groups goals.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::illegal::IllegalEvent;
use crate::repo::GoalRef;

/// A story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Where it lives; stories and goals share one sequence of numbers.
    pub id: GoalRef,
    /// One line.
    pub title: String,
    /// Its text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: StoryState,
}

/// Where a story stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoryState {
    /// Some goal of it is not settled, or it has none yet.
    Open,
    /// Every goal of it was landed, resolved or cancelled.
    Closed,
}

/// What can happen to a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoryEvent {
    /// Every goal is settled.
    Closed,
    /// A goal was added, or one came back.
    Reopened,
}

impl StoryEvent {
    /// A participle.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }
}

impl StoryState {
    /// A participle.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// The state after `event`; the only place that makes one from another.
    pub fn next(self, event: StoryEvent) -> Result<Self, IllegalEvent> {
        match (self, event) {
            (Self::Open, StoryEvent::Closed) => Ok(Self::Closed),
            (Self::Closed, StoryEvent::Reopened) => Ok(Self::Open),
            (Self::Open, StoryEvent::Reopened) | (Self::Closed, StoryEvent::Closed) => {
                Err(IllegalEvent { machine: "a story", state: self.word(), event: event.word() })
            }
        }
    }
}
