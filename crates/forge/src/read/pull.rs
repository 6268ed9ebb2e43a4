//! Pull requests.

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;
use serde::Deserialize;

use super::field;
use super::issue::IssueState;
use crate::client::Client;
use crate::lookup::{Lookup, Missing, Why};

/// What keeps a pull request from being merged, as GitHub works it out behind the reader's back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mergeable {
    /// Nothing.
    Clean,
    /// Nothing that is required: a check that is not required is red or under way. GitHub refuses automerge.
    Unstable,
    /// Required checks or reviews are missing.
    Blocked,
    /// The base went on, and the branch has to follow.
    Behind,
    /// A conflict.
    Dirty,
    /// It is a draft.
    Draft,
    /// Nothing, and an Enterprise server's pre-receive hooks will have a say.
    HasHooks,
    /// Not worked out yet (ask again), or a word that GitHub has added since.
    #[default]
    #[serde(other)]
    Unknown,
}

/// One end of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct End {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: String,
    /// The commit.
    pub sha: String,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pull {
    /// Its number, of the same sequence as issues.
    pub number: Number,
    /// Its id in GraphQL, which automerge and the merge queue are asked for by.
    pub node_id: String,
    /// Open or closed.
    pub state: IssueState,
    /// The title.
    pub title: String,
    /// The body; empty where there is none.
    #[serde(default, deserialize_with = "field::text")]
    pub body: String,
    /// What is to be merged.
    pub head: End,
    /// Where to.
    pub base: End,
    /// When anything of it last changed: its branch, its text, a comment. A check does not change it.
    pub updated_at: Timestamp,
    /// When it was merged, if it was.
    #[serde(default)]
    pub merged_at: Option<Timestamp>,
    /// The commit that it became; before the merge, GitHub's trial merge.
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    /// What keeps it from being merged. A list does not say.
    #[serde(default)]
    pub mergeable_state: Mergeable,
    /// Whether it merges by itself when nothing is in its way any more.
    #[serde(default, rename = "auto_merge", deserialize_with = "field::is_there")]
    pub has_auto_merge: bool,
    /// Its page.
    pub html_url: String,
}

impl Pull {
    /// Whether its work is in the base.
    pub fn is_merged(&self) -> bool {
        self.merged_at.is_some()
    }
}

impl Client {
    /// One pull request. Asking makes GitHub work out whether it can be merged; who asks again is told.
    pub fn pull(&self, repo: &RepoId, number: Number) -> Lookup<Pull> {
        self.read(repo, &format!("/pulls/{number}")).into()
    }

    /// The newest pull request of a branch of this repository, whatever became of it. `Gone`: there never was one.
    pub fn pull_by_head(&self, repo: &RepoId, branch: &str) -> Lookup<Pull> {
        self.newest_pull(repo, branch, "all").into()
    }

    pub(crate) fn newest_pull(&self, repo: &RepoId, branch: &str, state: &str) -> Result<Pull, Missing> {
        // `head` without its owner is ignored by GitHub, which would give any pull request.
        let head = crate::path::encode(&format!("{}:{branch}", repo.owner()));
        let rest = format!("/pulls?head={head}&state={state}&sort=created&direction=desc&per_page=100");
        let pulls = self.list_plain(repo, &rest, |pull: &Pull| pull.number)?;
        if let Some(gap) = pulls.gap() {
            return Err(gap.clone().into());
        }
        let of_branch = pulls.seen().iter().filter(|pull| pull.head.branch == branch);
        match of_branch.max_by_key(|pull| pull.number) {
            Some(pull) => Ok(pull.clone()),
            None if pulls.seen().is_empty() => Err(Missing::Gone),
            None => Err(Why::Malformed("pull requests of another branch".to_owned()).into()),
        }
    }
}
