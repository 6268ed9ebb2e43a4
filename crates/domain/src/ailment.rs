//! What is the matter with a repository as a whole. While anything is, none of its goals starts; all others go on.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::repo::RepoId;

/// What is the matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ailment", rename_all = "snake_case")]
pub enum Ailment {
    /// It cannot be read where it lives: it is gone, went elsewhere, or is closed to whom herder works as.
    Unreadable {
        /// One sentence, lowercase.
        why: String,
    },
    /// Its base branch is red by its own checks.
    RedBase {
        /// The branch.
        branch: String,
        /// The commit that they were asked about.
        commit: String,
        /// Those that are red.
        checks: Vec<String>,
    },
}

/// That something is the matter with a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailing {
    /// Since when it is unreadable, or red, though perhaps not with these very words.
    pub since: Timestamp,
    /// What it is.
    #[serde(flatten)]
    pub ailment: Ailment,
}

/// The repositories with which anything is the matter.
pub type Ailments = BTreeMap<RepoId, Ailing>;

impl Ailment {
    /// `unreadable` or `red_base`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::RedBase { .. } => "red_base",
        }
    }
}

impl Ailing {
    /// What is known from `at` on of a repository with which `before` was the matter: a branch that is red at one commit
    /// after the other is red since the first.
    pub fn following(before: Option<&Self>, ailment: Ailment, at: Timestamp) -> Self {
        let same = before.filter(|before| before.ailment.word() == ailment.word());
        Self { since: same.map_or(at, |before| before.since), ailment }
    }
}

impl fmt::Display for Ailment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { why } => write!(f, "cannot be read: {why}"),
            Self::RedBase { branch, commit, checks } => {
                let short = commit.get(..10).unwrap_or(commit);
                write!(f, "is red itself: {} on {branch} at {short}", checks.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_stays_red_is_red_since_the_first_commit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let red =
            |commit: &str| Ailment::RedBase { branch: "main".into(), commit: commit.into(), checks: vec![] };
        let first = Ailing::following(None, red("a"), at(1));
        let second = Ailing::following(Some(&first), red("b"), at(2));
        assert_eq!((second.since, &second.ailment), (at(1), &red("b")));
        let closed = Ailment::Unreadable { why: "not found".into() };
        assert_eq!(Ailing::following(Some(&second), closed, at(3)).since, at(3));
    }
}
