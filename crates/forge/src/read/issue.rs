//! Issues.

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;
use serde::Deserialize;

use super::field;
use crate::client::Client;
use crate::listing::Listing;
use crate::lookup::Lookup;

/// An issue's id, which is not its number: sub-issues and dependencies are asked for by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct IssueId(pub u64);

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueState {
    /// Open.
    #[serde(alias = "OPEN")]
    Open,
    /// Closed.
    #[serde(alias = "CLOSED")]
    Closed,
}

/// Why an issue is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateReason {
    /// Done.
    Completed,
    /// Not wanted.
    NotPlanned,
    /// Another issue says the same.
    Duplicate,
    /// Open again.
    Reopened,
    /// A word that GitHub has added since.
    #[serde(other)]
    Other,
}

/// How many issues an issue waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Dependencies {
    /// Open ones and closed ones.
    #[serde(default)]
    pub total_blocked_by: u64,
}

/// An issue, as REST shows it. Pull requests are issues, too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// Its number in the repository.
    pub number: Number,
    /// Its id on the site.
    pub id: IssueId,
    /// Its id in GraphQL.
    pub node_id: String,
    /// The title.
    pub title: String,
    /// The body; empty where there is none.
    #[serde(default, deserialize_with = "field::text")]
    pub body: String,
    /// Open or closed.
    pub state: IssueState,
    /// Why.
    #[serde(default)]
    pub state_reason: Option<StateReason>,
    /// The names of its labels.
    #[serde(deserialize_with = "field::names")]
    pub labels: Vec<String>,
    /// Who wrote it; `None`: an account that is gone.
    #[serde(rename = "user", deserialize_with = "field::login")]
    pub author: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// Its page.
    pub html_url: String,
    /// How many comments it has.
    #[serde(default)]
    pub comments: u64,
    /// Where its parent is asked for; absent where it has none, or the server knows no sub-issues.
    #[serde(default)]
    pub parent_issue_url: Option<String>,
    /// How much it waits for; absent where the server knows no dependencies.
    #[serde(default, rename = "issue_dependencies_summary")]
    pub dependencies: Option<Dependencies>,
    /// Whether it is a pull request.
    #[serde(default, rename = "pull_request", deserialize_with = "field::is_there")]
    pub is_pull: bool,
}

/// Which issues a list is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Open ones.
    Open,
    /// All.
    All,
}

impl Issue {
    /// Its parent's repository, as `OWNER/NAME`, and number.
    pub fn parent(&self) -> Option<(String, Number)> {
        // `https://api.github.com/repos/OWNER/NAME/issues/N`
        let mut parts = self.parent_issue_url.as_deref()?.rsplit('/');
        let number = parts.next()?.parse().ok()?;
        let (name, owner) = parts.nth(1).zip(parts.next())?;
        Some((format!("{owner}/{name}"), Number(number)))
    }
}

impl Client {
    /// One issue. One that was transferred is unknown ([`crate::Why::Moved`]): it is neither here nor gone.
    pub fn issue(&self, repo: &RepoId, number: Number) -> Lookup<Issue> {
        self.read(repo, &format!("/issues/{number}")).into()
    }

    /// All issues with a label, oldest first, without pull requests.
    pub fn issues(&self, repo: &RepoId, label: &str, which: Which) -> Lookup<Listing<Issue>> {
        let state = match which {
            Which::Open => "open",
            Which::All => "all",
        };
        let label = crate::path::encode(label);
        let rest = format!("/issues?labels={label}&state={state}&sort=created&direction=asc&per_page=100");
        let page = |answer: &crate::client::Answer| {
            let all: Vec<Issue> = answer.parse()?;
            Ok(all.into_iter().filter(|issue| !issue.is_pull).collect())
        };
        self.list(repo, &rest, page, |issue: &Issue| issue.id).into()
    }
}
