//! A whole backlog in one Markdown text: `# ` begins a story, `## ` a goal of it, `### ` a section of the goal.

mod order;
mod read;

use crate::repo::GoalRef;

/// Stories and goals, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backlog {
    /// The stories.
    pub stories: Vec<BacklogStory>,
    /// The goals.
    pub goals: Vec<BacklogGoal>,
}

/// A story of a backlog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacklogStory {
    /// The line of its heading, from 1.
    pub line: usize,
    /// One line.
    pub title: String,
    /// What stands between its heading and its first goal.
    pub body: String,
}

/// A goal of a backlog.
#[derive(Clone, Debug, PartialEq)]
pub struct BacklogGoal {
    /// The line of its heading, from 1.
    pub line: usize,
    /// One line.
    pub title: String,
    /// Its text as a goal's text is written: front matter, `## Objective`, `## Acceptance`.
    pub body: String,
    /// Its story, by its place in [`Backlog::stories`].
    pub story: Option<usize>,
    /// What it depends on.
    pub depends: Vec<BacklogLink>,
    /// `Spot-check: yes`.
    pub wants_spot_check: bool,
}

/// Something that a goal of a backlog depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BacklogLink {
    /// A goal of the same text, by its place in [`Backlog::goals`].
    Here(usize),
    /// A goal that was written before.
    Elsewhere(GoalRef),
}

/// Why a text is no backlog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBacklog {
    /// Nothing to do is in it.
    #[error("there is no goal in it: no line begins with \"## \"")]
    Empty,
    /// Two goals cannot be told apart.
    #[error("line {line}: {name:?} names a goal already, the one in line {first}")]
    SameName {
        /// Where it stands again.
        line: usize,
        /// The title or the `Id:`.
        name: String,
        /// Where it stands first.
        first: usize,
    },
    /// A dependency that is neither a number nor a goal of the text.
    #[error("line {line}: {name:?} is neither a goal of this file nor a number such as #12")]
    UnknownName {
        /// Where.
        line: usize,
        /// As written.
        name: String,
    },
    /// `Spot-check:` with another word than yes or no.
    #[error("line {line}: \"Spot-check:\" takes yes or no and not {value:?}")]
    SpotCheck {
        /// Where.
        line: usize,
        /// As written.
        value: String,
    },
    /// Goals that wait for each other.
    #[error("line {line}: {titles} wait for each other", titles = titles.iter().map(|title| format!("{title:?}")).collect::<Vec<_>>().join(", "))]
    Cycle {
        /// Where the first of them stands.
        line: usize,
        /// All of them.
        titles: Vec<String>,
    },
}

impl BadBacklog {
    /// What to do about it, one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "write \"# Story\", below it \"## Goal\", below that \"### Objective\"",
            Self::SameName { .. } => "give one of them another title, or an \"Id:\" of its own",
            Self::UnknownName { .. } => {
                "name a goal of the file by its title or \"Id:\"; put a title with a comma into quotes"
            }
            Self::SpotCheck { .. } => "write \"Spot-check: yes\", or leave the line out",
            Self::Cycle { .. } => "take one of their dependencies out",
        }
    }
}
