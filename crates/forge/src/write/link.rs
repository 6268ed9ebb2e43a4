//! Links between issues: a goal in its story, a goal that waits for another.

use herder_domain::repo::{Number, RepoId};
use serde_json::json;

use crate::budget::Load;
use crate::client::Client;
use crate::listing::Listing;
use crate::lookup::{Lookup, Missing, Undone};
use crate::read::issue::IssueId;
use crate::read::link::Linked;
use crate::wire::Method;

impl Client {
    /// Makes an issue a part of a story.
    ///
    /// A second one finds it among the story's parts and sends nothing. One that has another parent is refused.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn add_sub_issue(&self, repo: &RepoId, story: Number, part: IssueId) -> Result<(), Undone> {
        if has(self.sub_issues(repo, story), part)? {
            return Ok(());
        }
        let path = format!("/issues/{story}/sub_issues");
        self.write(Method::Post, repo, &path, json!({ "sub_issue_id": part.0 }), Load::Write).map(|_| ())
    }

    /// Makes an issue wait for another.
    ///
    /// A second one finds the other among what it waits for and sends nothing.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn add_blocked_by(&self, repo: &RepoId, number: Number, other: IssueId) -> Result<(), Undone> {
        if has(self.blocked_by(repo, number), other)? {
            return Ok(());
        }
        let path = format!("/issues/{number}/dependencies/blocked_by");
        self.write(Method::Post, repo, &path, json!({ "issue_id": other.0 }), Load::Write).map(|_| ())
    }

    /// Makes an issue wait for another no more.
    ///
    /// A second one does not find the other in the complete list, and sends nothing.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn remove_blocked_by(&self, repo: &RepoId, number: Number, other: IssueId) -> Result<(), Undone> {
        if !has(self.blocked_by(repo, number), other)? {
            return Ok(());
        }
        let path = format!("/issues/{number}/dependencies/blocked_by/{}", other.0);
        self.write(Method::Delete, repo, &path, json!(null), Load::Write).map(|_| ())
    }
}

/// Whether an issue is at the other end; not without the complete list where it is not seen.
fn has(links: Lookup<Listing<Linked>>, other: IssueId) -> Result<bool, Undone> {
    let links = match links {
        Lookup::Present(links) => links,
        Lookup::Gone => return Err(Missing::Gone.into()),
        Lookup::Unknown(why) => return Err(Undone::NotSent(why)),
    };
    if links.seen().iter().any(|link| link.id == other) {
        return Ok(true);
    }
    links.whole().map(|_| false).map_err(Undone::NotSent)
}
