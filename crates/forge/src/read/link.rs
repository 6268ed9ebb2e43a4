//! Parents, sub-issues and dependencies as GitHub keeps them.

use herder_domain::repo::{Number, RepoId};
use serde::Deserialize;

use crate::client::{Answer, Client};
use crate::listing::Listing;
use crate::lookup::{Lookup, Missing, Why};
use crate::read::issue::{Issue, IssueId, IssueState, StateReason};

/// An issue at the other end of a link, maybe in another repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Its repository.
    pub repo: RepoId,
    /// Its number there.
    pub number: Number,
    /// Its id.
    pub id: IssueId,
    /// Open or closed.
    pub state: IssueState,
    /// Why.
    pub state_reason: Option<StateReason>,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(flatten)]
    issue: Issue,
    /// `https://api.github.com/repos/OWNER/NAME`.
    repository_url: String,
}

impl Raw {
    fn linked(self, host: &str) -> Result<Linked, Why> {
        let malformed = || Why::Malformed("the repository of a linked issue".to_owned());
        let mut parts = self.repository_url.rsplit('/');
        let (name, owner) = parts.next().zip(parts.next()).ok_or_else(malformed)?;
        let repo = RepoId::new(host, owner, name).map_err(|_| malformed())?;
        let Issue { number, id, state, state_reason, .. } = self.issue;
        Ok(Linked { repo, number, id, state, state_reason })
    }
}

impl Client {
    /// The parent of an issue: the story of a goal. `Gone`: it has none, or the server knows no sub-issues (an old
    /// Enterprise server, where the first line of the body counts).
    pub fn parent(&self, repo: &RepoId, number: Number) -> Lookup<Linked> {
        let read = || -> Result<Linked, Missing> {
            let raw: Raw = self.read(repo, &format!("/issues/{number}/parent"))?;
            Ok(raw.linked(self.site().host())?)
        };
        read().into()
    }

    /// The parts of an issue: the goals of a story. `Gone`: the issue is, or the server knows no sub-issues.
    pub fn sub_issues(&self, repo: &RepoId, number: Number) -> Lookup<Listing<Linked>> {
        self.linked(repo, &format!("/issues/{number}/sub_issues?per_page=100"))
    }

    /// What an issue waits for. `Gone`: the issue is, or the server knows no dependencies.
    pub fn blocked_by(&self, repo: &RepoId, number: Number) -> Lookup<Listing<Linked>> {
        self.linked(repo, &format!("/issues/{number}/dependencies/blocked_by?per_page=100"))
    }

    fn linked(&self, repo: &RepoId, rest: &str) -> Lookup<Listing<Linked>> {
        let host = self.site().host();
        let page = |answer: &Answer| {
            let all: Vec<Raw> = answer.parse()?;
            all.into_iter().map(|raw| raw.linked(host)).collect()
        };
        self.list(repo, rest, page, |linked: &Linked| linked.id).into()
    }
}
