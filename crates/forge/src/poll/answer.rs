//! What a round's query is answered with.

use herder_domain::repo::Number;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::query::Scope;
use super::{Ask, Part};
use crate::client::{Asking, Client};
use crate::graphql::{Data, Fault};
use crate::lookup::Why;
use crate::read::issue::IssueState;
use crate::read::pull::Mergeable;

/// What a round tells of an issue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueBrief {
    /// Its number.
    pub number: Number,
    /// Its id in GraphQL.
    #[serde(rename = "id")]
    pub node_id: String,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
    /// Open or closed.
    pub state: IssueState,
}

/// What the checks of a commit come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rollup {
    /// All green.
    Success,
    /// Under way.
    #[serde(alias = "EXPECTED")]
    Pending,
    /// One is red.
    #[serde(alias = "ERROR")]
    Failure,
}

/// What a round tells of a pull request in landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullBrief {
    /// Its number.
    pub number: Number,
    /// When anything of it last changed. A check does not change it.
    pub updated_at: Timestamp,
    /// Whether it is merged.
    pub is_merged: bool,
    /// Whether it is closed, merged or not.
    pub is_closed: bool,
    /// The tip of its branch.
    pub head_sha: String,
    /// What keeps it from being merged.
    pub mergeable: Mergeable,
    /// Whether it is in the merge queue.
    pub is_queued: bool,
    /// What its checks come to; `None`: none has reported.
    pub checks: Option<Rollup>,
}

/// What a round tells of a repository's base branch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawBase")]
pub struct BaseBrief {
    /// Its tip.
    pub sha: String,
    /// What the checks of that come to; `None`: none has reported.
    pub checks: Option<Rollup>,
}

/// What one part of a query came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartAnswer {
    /// A page.
    Page {
        /// The issues on it.
        issues: Vec<IssueBrief>,
        /// Behind which there are more.
        next: Option<String>,
        /// The pull requests that were asked for and are there.
        pulls: Vec<PullBrief>,
        /// The base branch, where it was asked for and is there.
        base: Option<BaseBrief>,
    },
    /// This repository could not be read.
    Unreadable(Why),
}

/// What a query was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// The answers to its first parts, which are all of them where the server has GraphQL.
    pub answers: Vec<PartAnswer>,
    /// How many requests of REST it took that counted.
    pub requests: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    nodes: Vec<IssueBrief>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPull {
    number: Number,
    updated_at: Timestamp,
    state: String,
    merged: bool,
    head_ref_oid: String,
    merge_state_status: String,
    is_in_merge_queue: bool,
    status_check_rollup: Option<RawRollup>,
}

#[derive(Deserialize)]
struct RawRollup {
    state: Rollup,
}

#[derive(Deserialize)]
struct RawBase {
    target: RawCommit,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCommit {
    oid: String,
    status_check_rollup: Option<RawRollup>,
}

impl From<RawBase> for BaseBrief {
    fn from(RawBase { target }: RawBase) -> Self {
        Self { sha: target.oid, checks: target.status_check_rollup.map(|rollup| rollup.state) }
    }
}

impl RawPull {
    fn brief(self) -> PullBrief {
        let word = Value::String(self.merge_state_status.to_ascii_lowercase());
        PullBrief {
            number: self.number,
            updated_at: self.updated_at,
            is_merged: self.merged,
            is_closed: self.state != "OPEN",
            head_sha: self.head_ref_oid,
            mergeable: serde_json::from_value(word).unwrap_or_default(),
            is_queued: self.is_in_merge_queue,
            checks: self.status_check_rollup.map(|rollup| rollup.state),
        }
    }
}

impl Client {
    /// Makes the query of a round, or asks the same by REST where the server has no GraphQL. It can wait: where the
    /// share is nearly spent, it is not sent.
    ///
    /// # Errors
    /// Why the query came to nothing; a repository that alone could not be read is part of the answer.
    pub fn poll(&self, ask: &Ask) -> Result<Polled, Why> {
        let client = self.patient();
        let data = match client.query(&ask.text(), Value::Null) {
            Ok(data) => data,
            Err(_) if client.asking() == Asking::Rest => {
                let answers = client.poll_by_rest(ask)?;
                return Ok(Polled { answers, requests: client.counted() });
            }
            Err(undone) => return Err(undone.why()),
        };
        let answers = ask.parts.iter().enumerate().map(|(index, part)| read(part, index, &data)).collect();
        Ok(Polled { answers, requests: 0 })
    }
}

/// What one part came to. An error of one repository is that repository's alone.
fn read(part: &Part, index: usize, data: &Data) -> PartAnswer {
    let alias = format!("r{index}");
    let repository = &data.data[&alias];
    let fault = |depth: usize| data.errors.iter().find(|fault| fault.is_at(&alias, depth));
    if let Some(fault) = fault(1).or_else(|| fault(2).filter(|_| repository["issues"].is_null())) {
        return PartAnswer::Unreadable(unread(part, fault));
    }
    match page(part, repository) {
        Some(page) => page,
        None => PartAnswer::Unreadable(Why::Malformed("what a poll says of a repository".to_owned())),
    }
}

/// GitHub says `NOT_FOUND` of what one may not see, too.
fn unread(part: &Part, fault: &Fault) -> Why {
    match fault.kind.as_deref() {
        Some("NOT_FOUND") => Why::Unproven { repo: part.repo.short() },
        Some(_) | None => Why::Refused(fault.refusal()),
    }
}

fn page(part: &Part, repository: &Value) -> Option<PartAnswer> {
    let Connection { nodes, page_info } = Connection::deserialize(&repository["issues"]).ok()?;
    let next = match (page_info.has_next_page, page_info.end_cursor) {
        (false, _) => None,
        (true, Some(cursor)) => Some(cursor),
        (true, None) => return None,
    };
    let asked: &[Number] = match &part.scope {
        Scope::Changed { pulls, .. } => pulls,
        Scope::All { .. } => &[],
    };
    // One that is missing is looked up by itself: nothing follows from it here.
    let pulls =
        asked.iter().filter_map(|number| RawPull::deserialize(&repository[format!("p{number}")]).ok());
    let base = BaseBrief::deserialize(&repository["base"]).ok();
    Some(PartAnswer::Page { issues: nodes, next, pulls: pulls.map(RawPull::brief).collect(), base })
}
