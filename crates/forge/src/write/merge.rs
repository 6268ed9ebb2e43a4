//! Merging, and bringing a branch up to date.

use herder_domain::repo::{Number, RepoId};
use serde::Deserialize;
use serde_json::json;

use crate::budget::Load;
use crate::client::Client;
use crate::lookup::Undone;
use crate::read::pull::Pull;
use crate::wire::Method;

/// How a pull request becomes commits of its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// One new commit.
    Squash,
    /// Its commits and a merge commit.
    Merge,
    /// Its commits, written anew on the base.
    Rebase,
}

impl MergeMethod {
    fn rest(self) -> &'static str {
        match self {
            Self::Squash => "squash",
            Self::Merge => "merge",
            Self::Rebase => "rebase",
        }
    }

    pub(crate) fn graphql(self) -> &'static str {
        match self {
            Self::Squash => "SQUASH",
            Self::Merge => "MERGE",
            Self::Rebase => "REBASE",
        }
    }
}

/// What came of a request to merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It is in, as this commit.
    Merged {
        /// The commit in the base.
        sha: String,
    },
    /// Its branch has another tip than was meant: 409.
    HeadMoved,
    /// Something is in its way: 405, with what GitHub says.
    Blocked {
        /// What.
        why: String,
    },
}

/// What came of a request to bring a branch up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// GitHub does it now; the branch's new tip shows when it is done.
    Begun,
    /// There is nothing to bring in, the branch has another tip than was meant, or there is a conflict: 422.
    Refused {
        /// Which.
        why: String,
    },
}

#[derive(Deserialize)]
struct Done {
    sha: String,
}

impl Client {
    /// Merges a pull request whose branch has this tip, and no other.
    ///
    /// A second one finds it merged, or is refused as such and finds out then. With the commit named, nothing is merged that
    /// was not meant.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn merge(
        &self,
        repo: &RepoId,
        number: Number,
        sha: &str,
        method: MergeMethod,
    ) -> Result<Merge, Undone> {
        let order = json!({ "sha": sha, "merge_method": method.rest() });
        match self.write(Method::Put, repo, &format!("/pulls/{number}/merge"), order, Load::Write) {
            Ok(answer) => {
                let Done { sha } = answer.parse().map_err(Undone::Unknown)?;
                Ok(Merge::Merged { sha })
            }
            Err(Undone::Refused(refusal)) if matches!(refusal.status, 405 | 409 | 422) => {
                let pull: Pull = self.read(repo, &format!("/pulls/{number}"))?;
                Ok(match (pull.is_merged() && pull.head.sha == sha, pull.merge_commit_sha) {
                    (true, Some(sha)) => Merge::Merged { sha },
                    _ if refusal.status == 405 => Merge::Blocked { why: refusal.message },
                    _ => Merge::HeadMoved,
                })
            }
            Err(undone) => Err(undone),
        }
    }

    /// Merges the base into a pull request's branch, if that has this tip.
    ///
    /// A second one is refused: the branch has another tip by then, or nothing to bring in.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn update_branch(&self, repo: &RepoId, number: Number, sha: &str) -> Result<Update, Undone> {
        let order = json!({ "expected_head_sha": sha });
        match self.write(Method::Put, repo, &format!("/pulls/{number}/update-branch"), order, Load::Write) {
            Ok(_) => Ok(Update::Begun),
            Err(Undone::Refused(refusal)) if refusal.status == 422 => {
                Ok(Update::Refused { why: refusal.message })
            }
            Err(undone) => Err(undone),
        }
    }
}
