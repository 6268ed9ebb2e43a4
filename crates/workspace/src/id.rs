//! Names: commits, runs and the refs that belong to them, people.

use crate::error::{Result, WorkspaceError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The id of a commit: 40 (SHA-1) or 64 (SHA-256) lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(String);

impl CommitId {
    /// Reads a commit id.
    ///
    /// # Errors
    /// It has another length or other characters.
    pub fn parse(text: &str) -> Result<Self> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex && matches!(text.len(), 40 | 64) {
            return Ok(Self(text.to_owned()));
        }
        Err(WorkspaceError::BadCommitId { text: text.to_owned() })
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the repository's hash function in git's configuration.
    pub(crate) fn object_format(&self) -> &'static str {
        if self.0.len() == 64 { "sha256" } else { "sha1" }
    }

    /// The id that stands for "does not exist" in ref transactions.
    pub(crate) fn zero(&self) -> String {
        "0".repeat(self.0.len())
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CommitId {
    type Error = WorkspaceError;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> Self {
        id.0
    }
}

/// A run and its goal, as far as refs are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunKey {
    goal: u64,
    run: String,
}

impl RunKey {
    /// Names the run `run` of goal number `goal` (0 for a standalone run).
    ///
    /// # Errors
    /// The run's name is empty, longer than 120 bytes, or has characters other than ASCII letters,
    /// digits, `-`, `_` and `.`.
    pub fn new(goal: u64, run: &str) -> Result<Self> {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if run.is_empty() || run.len() > 120 || !run.chars().all(is_safe) {
            return Err(WorkspaceError::BadRunName { text: run.to_owned() });
        }
        Ok(Self { goal, run: run.to_owned() })
    }

    /// The goal's number.
    pub fn goal(&self) -> u64 {
        self.goal
    }

    /// The run's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The branch on which the goal's work lies: `goal-N`.
    pub fn branch(&self) -> String {
        branch_of(self.goal)
    }

    /// The ref of [`RunKey::branch`].
    pub fn branch_ref(&self) -> String {
        format!("refs/heads/{}", self.branch())
    }

    /// The ref of the snapshot taken in `iteration`.
    pub fn snapshot_ref(&self, iteration: u32) -> String {
        format!("{}{iteration}", self.snapshot_prefix())
    }

    /// What all refs of this run's snapshots begin with.
    pub fn snapshot_prefix(&self) -> String {
        format!("refs/herder/wip/{}/{}/", self.goal, self.component())
    }

    /// The ref of the commit that the run began at.
    pub fn base_ref(&self) -> String {
        format!("refs/herder/base/{}", self.component())
    }

    /// The ref under which this run keeps earlier work that it could not take up.
    pub fn attempt_ref(&self) -> String {
        format!("refs/herder/attempts/{}/{}", self.goal, self.component())
    }

    /// The refs under which the goal's branch and its base are remembered as they were before this run.
    pub(crate) fn before_refs(&self) -> (String, String) {
        let prefix = self.before_prefix();
        (format!("{prefix}/tip"), format!("{prefix}/base"))
    }

    /// What those refs begin with.
    pub(crate) fn before_prefix(&self) -> String {
        format!("refs/herder/before/{}", self.component())
    }

    /// The run's name as one component of a ref: git refuses `..`, a leading dot and `.lock`.
    fn component(&self) -> String {
        self.run.replace('.', "%2E")
    }
}

/// The branch on which a goal's work lies: `goal-N`.
pub fn branch_of(goal: u64) -> String {
    format!("goal-{goal}")
}

/// The ref that says which base commit the goal's branch was built on.
pub(crate) fn goal_base_ref(goal: u64) -> String {
    format!("refs/herder/goal-base/{goal}")
}

/// A name and an address for commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
}

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub who: Identity,
    /// When; git keeps whole seconds.
    pub at: jiff::Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_id_is_hexadecimal_of_a_known_length() {
        assert!(CommitId::parse(&"a1".repeat(20)).is_ok());
        assert!(CommitId::parse(&"a1".repeat(32)).is_ok());
        for bad in ["", "HEAD", "--all", &"A1".repeat(20), &"a1".repeat(19)] {
            assert!(CommitId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_run_name_never_makes_a_ref_that_git_refuses() {
        let key = RunKey::new(7, "a..b.lock").unwrap();
        assert_eq!(key.snapshot_ref(3), "refs/herder/wip/7/a%2E%2Eb%2Elock/3");
        for bad in ["", "a/b", "a b", "a~1", "é"] {
            assert!(RunKey::new(7, bad).is_err(), "{bad:?}");
        }
    }
}
