//! What the orchestrator asks of the place where goals live and finished work goes: two traits, each implemented for
//! this machine and for GitHub, so that no caller can tell which.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::landing::Offer;
use crate::repo::GoalRef;
use crate::run::RunId;
use crate::sight::{Correction, Wrote};

/// Where the goals of a repository live and where its finished work goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// Goals are rows in herder's database, work lands by a push to the base branch.
    #[default]
    Local,
    /// Goals are issues of the host that the repository is named by, work lands by a pull request there.
    Github,
}

impl Home {
    /// Whether it is [`Home::Local`], which needs no word in a journal.
    pub fn is_local(&self) -> bool {
        *self == Self::Local
    }

    /// `local` or `github`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Github => "github",
        }
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no home.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a home of goals; write local or github")]
pub struct BadHome {
    text: String,
}

impl FromStr for Home {
    type Err = BadHome;

    fn from_str(text: &str) -> Result<Self, BadHome> {
        [Self::Local, Self::Github]
            .into_iter()
            .find(|home| home.word() == text)
            .ok_or_else(|| BadHome { text: text.to_owned() })
    }
}

impl TryFrom<String> for Home {
    type Error = BadHome;

    fn try_from(text: String) -> Result<Self, BadHome> {
        text.parse()
    }
}

/// Why something that was asked of a forge is not known to be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It was not done, or nobody knows; asking again does no harm.
    #[error("{why}")]
    Passing {
        /// One sentence, lowercase.
        why: String,
        /// When asking again makes sense, where the forge says so.
        until: Option<Timestamp>,
    },
    /// The forge said no; asking again would be answered alike.
    #[error("{why}")]
    Refused {
        /// One sentence, lowercase.
        why: String,
    },
}

/// What came of asking for a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is ours.
    Ours,
    /// Another orchestrator has it.
    Theirs {
        /// Who.
        owner: String,
        /// Not before this it can be ours.
        until: Option<Timestamp>,
    },
}

/// What a goal's status comment is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Markdown, without secrets.
    pub text: String,
    /// The same for machines, by name.
    pub facts: Vec<(&'static str, String)>,
}

/// Where goals live. Each method may be called twice without harm.
pub trait GoalSource: Send + Sync {
    /// Takes the goal for a run, so that no other orchestrator can.
    ///
    /// # Errors
    /// [`Trouble`]: it is not known to be ours.
    fn claim(&self, goal: &GoalRef, run: &RunId) -> Result<Claimed, Trouble>;

    /// Has the place where the goal lives show where it stands. Gives what had to be written for that; of what is found
    /// done already, that it was done after `since`.
    ///
    /// # Errors
    /// [`Trouble`].
    fn show(&self, goal: &GoalRef, to_be: &Correction, since: Timestamp) -> Result<Option<Wrote>, Trouble>;

    /// Opens the goal where it lives, and where its landing closed it: the work was taken out again.
    ///
    /// # Errors
    /// [`Trouble`].
    fn reopen(&self, goal: &GoalRef) -> Result<(), Trouble>;

    /// Writes a comment on a goal or a story; one for each key, ever.
    ///
    /// # Errors
    /// [`Trouble`].
    fn say(&self, goal: &GoalRef, key: &str, text: &str) -> Result<(), Trouble>;

    /// Has the goal's one status comment say this.
    ///
    /// # Errors
    /// [`Trouble`].
    fn announce(&self, goal: &GoalRef, status: &Status) -> Result<(), Trouble>;
}

/// What a commit is handed in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// It brings a run's work in.
    Land,
    /// It takes a run's work out again.
    Undo {
        /// The how-manieth request for that it is.
        request: u32,
    },
}

/// A commit that the landing gate has let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What for.
    pub errand: Errand,
    /// The goal.
    pub goal: GoalRef,
    /// The run whose work it is.
    pub run: RunId,
    /// The branch that it is for.
    pub base_branch: String,
    /// The commit of that branch that it stands on.
    pub base_tip: String,
    /// The commit of that branch that the run began at.
    pub began_at: String,
    /// The commit.
    pub commit: String,
    /// One line about it, without secrets.
    pub title: String,
    /// More about it in Markdown, without secrets.
    pub body: String,
}

/// What came of handing a commit in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is part of the base branch.
    Landed,
    /// Work on the goal was part of the base branch before, as this commit, and this was not handed in.
    WasLanded {
        /// The commit.
        commit: String,
    },
    /// A pull request offers it.
    Offered(Offer),
    /// Another orchestrator has the goal.
    Theirs {
        /// Who.
        owner: String,
        /// Not before this it can be ours.
        until: Option<Timestamp>,
    },
    /// The base branch went on meanwhile.
    Lost,
    /// The forge does not take it.
    Refused {
        /// Its words.
        why: String,
    },
}

/// The way of accepted work into the base branch: what squash and gate have made goes the last step.
pub trait Landing {
    /// Whether a commit that was handed in is the base branch's next tip; not where a pull request offers it.
    fn lands_at_once(&self) -> bool;

    /// Hands a commit in. A second time finds what the first one did.
    ///
    /// # Errors
    /// [`Trouble`]: nobody knows what came of it.
    fn submit(&self, candidate: &Candidate) -> Result<Submitted, Trouble>;

    /// The commit that work on the goal became where it is part of the base branch, though not of the commit `began_at`,
    /// without a trailer saying so: a forge may write commits of its own, and a person, or another orchestrator, may
    /// have merged what an earlier run made.
    ///
    /// # Errors
    /// [`Trouble`]: nobody knows.
    fn landed(&self, goal: &GoalRef, began_at: &str) -> Result<Option<String>, Trouble>;

    /// The commit by which a run's work left the base branch at this request, where a pull request took it out and no
    /// trailer says so.
    ///
    /// # Errors
    /// [`Trouble`]: nobody knows.
    fn undone(&self, goal: &GoalRef, run: &RunId, request: u32) -> Result<Option<String>, Trouble>;

    /// Shows a commit to a person who is to look first; nobody merges it by itself.
    ///
    /// # Errors
    /// [`Trouble`]: nobody knows what came of it.
    fn show(&self, candidate: &Candidate) -> Result<Submitted, Trouble>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_read_as_it_is_written() {
        for home in [Home::Local, Home::Github] {
            assert_eq!(home.word().parse::<Home>().unwrap(), home);
        }
        assert!("gitea".parse::<Home>().is_err());
    }
}
