//! Pauses: for a while nothing new starts. What is at work goes on, and lands.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::goal::Goal;
use crate::repo::{GoalRef, RepoId};

/// What is paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Scope {
    /// Every goal.
    Everything,
    /// The goals of a repository.
    Repo {
        /// It.
        repo: RepoId,
    },
    /// The goals of a story.
    Story {
        /// It.
        story: GoalRef,
    },
}

/// That something is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When a person said so.
    pub since: Timestamp,
    /// Until then; until a person acts where absent.
    pub until: Option<Timestamp>,
    /// In the person's words.
    pub reason: Option<String>,
}

/// All pauses, in force and run out.
pub type Pauses = BTreeMap<Scope, Pause>;

impl Scope {
    /// Whether a goal is meant.
    pub fn has(&self, goal: &Goal) -> bool {
        match self {
            Self::Everything => true,
            Self::Repo { repo } => goal.id.repo == *repo,
            Self::Story { story } => goal.id.repo == story.repo && goal.story == Some(story.number),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Repo { repo } => write!(f, "{repo}"),
            Self::Story { story } => write!(f, "story {story}"),
        }
    }
}

impl Pause {
    /// Whether it still holds.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// The pauses that keep a goal from starting.
pub fn holding<'a>(
    pauses: &'a Pauses,
    goal: &'a Goal,
    now: Timestamp,
) -> impl Iterator<Item = (&'a Scope, &'a Pause)> {
    pauses.iter().filter(move |(scope, pause)| scope.has(goal) && pause.is_in_force(now))
}
