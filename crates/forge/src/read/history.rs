//! What happened to an issue: who did what, when. This, not a difference between two readings, is a person's edit.

use herder_domain::repo::{Number, RepoId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::field;
use crate::client::{Answer, Client};
use crate::listing::Listing;
use crate::lookup::{Lookup, Missing, Refusal, Why};
use crate::read::issue::StateReason;

/// Something that happened to an issue and matters to herder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The event's id, never used again.
    pub id: u64,
    /// Who; `None`: an account that is gone.
    pub actor: Option<String>,
    /// When, on the server's clock, to the second.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A label was put on it.
    Labeled(String),
    /// A label was taken off it.
    Unlabeled(String),
    /// It was closed.
    Closed(Option<StateReason>),
    /// It was opened again.
    Reopened,
    /// Its title was changed.
    Renamed {
        /// The old title.
        from: String,
        /// The new one.
        to: String,
    },
    /// It came from another repository.
    Transferred,
}

#[derive(Deserialize)]
struct RawEvent {
    id: u64,
    event: String,
    #[serde(default, deserialize_with = "field::login")]
    actor: Option<String>,
    created_at: Timestamp,
    #[serde(default)]
    label: Option<Named>,
    #[serde(default)]
    state_reason: Option<StateReason>,
    #[serde(default)]
    rename: Option<Rename>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Rename {
    from: String,
    to: String,
}

impl RawEvent {
    /// `None` for what herder has no use for, words that GitHub has added since among them.
    fn happening(self) -> Option<Happening> {
        let what = match self.event.as_str() {
            "labeled" => Happened::Labeled(self.label?.name),
            "unlabeled" => Happened::Unlabeled(self.label?.name),
            "closed" => Happened::Closed(self.state_reason),
            "reopened" => Happened::Reopened,
            "renamed" => self.rename.map(|Rename { from, to }| Happened::Renamed { from, to })?,
            "transferred" => Happened::Transferred,
            _ => return None,
        };
        Some(Happening { id: self.id, actor: self.actor, at: self.created_at, what })
    }
}

/// Who last changed a body, and when; the title is not in it, see [`Happened::Renamed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// When.
    pub at: Timestamp,
    /// Who; `None`: an account that is gone.
    pub by: Option<String>,
}

const EDITS: &str = "query($owner:String!,$name:String!,$number:Int!){repository(owner:$owner,name:$name)\
    {issue(number:$number){body lastEditedAt editor{login}}}rateLimit{cost limit remaining resetAt}}";

/// The body of an issue and the last edit of it, which is what decides whether it may be pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyEdits {
    /// The body that the edits led to.
    pub body: String,
    /// The last edit; `None`: it stands as it was first written.
    pub last: Option<Edited>,
}

impl Client {
    /// All that happened to an issue, oldest first. A person's edit is believed only from a complete listing.
    pub fn history(&self, repo: &RepoId, number: Number) -> Lookup<Listing<Happening>> {
        let page = |answer: &Answer| {
            let events: Vec<RawEvent> = answer.parse()?;
            Ok(events.into_iter().filter_map(RawEvent::happening).collect())
        };
        let rest = format!("/issues/{number}/events?per_page=100");
        self.list(repo, &rest, page, |happening: &Happening| happening.id).into()
    }

    /// When the body was edited, by whom. REST does not know it, so of a server without GraphQL it is `Gone`.
    pub fn body_edits(&self, repo: &RepoId, number: Number) -> Lookup<BodyEdits> {
        self.ask_edits(repo, number).into()
    }

    fn ask_edits(&self, repo: &RepoId, number: Number) -> Result<BodyEdits, Missing> {
        let variables = json!({ "owner": repo.owner(), "name": repo.name(), "number": number });
        let found = self.query(EDITS, variables).map_err(|undone| match undone.status() {
            Some(404) => Missing::Gone,
            Some(_) | None => Missing::Unknown(undone.why()),
        })?;
        let issue = &found.data["repository"]["issue"];
        if issue.is_null() {
            let fault = found.errors.first().map(crate::graphql::Fault::refusal);
            let nobody =
                || Refusal { status: 200, message: "there is no such issue, or it is hidden".into() };
            return Err(Why::Refused(fault.unwrap_or_else(nobody)).into());
        }
        let malformed = || Why::Malformed("the edits of an issue".to_owned());
        let last = if issue["lastEditedAt"].is_null() { None } else { edited(issue, "lastEditedAt") };
        if last.is_none() && !issue["lastEditedAt"].is_null() {
            return Err(malformed().into());
        }
        let body = issue["body"].as_str().ok_or_else(malformed)?.to_owned();
        Ok(BodyEdits { body, last })
    }
}

fn edited(edit: &Value, field: &str) -> Option<Edited> {
    let at = edit[field].as_str()?.parse().ok()?;
    Some(Edited { at, by: edit["editor"]["login"].as_str().map(str::to_owned) })
}
