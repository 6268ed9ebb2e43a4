//! Issues: written, edited, closed, opened again.

use herder_domain::repo::{Number, RepoId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::budget::Load;
use crate::client::Client;
use crate::lookup::{Refusal, Undone};
use crate::marker::Marker;
use crate::read::issue::{Issue, IssueState};
use crate::wire::Method;

/// How far GitHub's times lie behind what they are of, at most.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// An issue to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIssue {
    /// The title.
    pub title: String,
    /// The body; the marker is added to it.
    pub body: String,
    /// The labels.
    pub labels: Vec<String>,
    /// By which it is known again.
    pub marker: Marker,
}

/// Why an issue is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Done.
    Completed,
    /// Not wanted.
    NotPlanned,
}

impl CloseReason {
    fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
        }
    }
}

impl Client {
    /// Writes an issue, unless one with this marker was written since `since` (the time when it was first to be).
    ///
    /// A second one finds the first by its marker. GitHub's lists lag a little behind its writes, so it should not follow
    /// within seconds.
    ///
    /// # Errors
    /// [`Undone`]; [`Undone::NotSent`] also where it cannot be told whether the issue is there.
    pub fn create_issue(&self, repo: &RepoId, new: &NewIssue, since: Timestamp) -> Result<Issue, Undone> {
        // GitHub cuts its times to seconds, so that what was written just then seems to be older.
        let since = since.checked_sub(SECOND).unwrap_or(since);
        let since = crate::path::encode(&since.to_string());
        let recent = format!("/issues?state=all&sort=created&direction=asc&since={since}&per_page=100");
        let recent = self.list_plain(repo, &recent, |issue: &Issue| issue.id)?;
        if let Some(issue) = recent.seen().iter().find(|issue| new.marker.is_in(&issue.body)) {
            return Ok(issue.clone());
        }
        recent.whole().map_err(Undone::NotSent)?;
        let body = new.marker.put_into(&new.body);
        let body = json!({ "title": new.title, "body": body, "labels": new.labels });
        let answer = self.write(Method::Post, repo, "/issues", body, Load::Create)?;
        answer.parse().map_err(Undone::Unknown)
    }

    /// Sets the title. A second one sets it to the same.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn rename_issue(&self, repo: &RepoId, number: Number, title: &str) -> Result<Issue, Undone> {
        self.patch_issue(repo, number, json!({ "title": title }))
    }

    /// Puts `body` in place of the body that was read before; a person's edit since then is not overwritten.
    ///
    /// A second one finds the new body there and sends nothing.
    ///
    /// # Errors
    /// [`Undone`]; a refusal with status 409 where the body is another by now.
    pub fn replace_body(
        &self,
        repo: &RepoId,
        number: Number,
        was: &str,
        body: &str,
    ) -> Result<Issue, Undone> {
        let issue: Issue = self.read(repo, &format!("/issues/{number}"))?;
        if same_text(&issue.body, body) {
            return Ok(issue);
        }
        if !same_text(&issue.body, was) {
            let message = "the body was edited meanwhile".to_owned();
            return Err(Refusal { status: 409, message }.into());
        }
        self.patch_issue(repo, number, json!({ "body": body }))
    }

    /// Closes an issue. One that is closed is left as it is, whatever the reason: a person's is not overwritten, and a
    /// second one sends nothing.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn close_issue(&self, repo: &RepoId, number: Number, reason: CloseReason) -> Result<Issue, Undone> {
        let issue: Issue = self.read(repo, &format!("/issues/{number}"))?;
        match issue.state {
            IssueState::Closed => Ok(issue),
            IssueState::Open => {
                let change = json!({ "state": "closed", "state_reason": reason.word() });
                self.patch_issue(repo, number, change)
            }
        }
    }

    /// Opens an issue again. A second one finds it open and sends nothing.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn reopen_issue(&self, repo: &RepoId, number: Number) -> Result<Issue, Undone> {
        let issue: Issue = self.read(repo, &format!("/issues/{number}"))?;
        match issue.state {
            IssueState::Open => Ok(issue),
            IssueState::Closed => self.patch_issue(repo, number, json!({ "state": "open" })),
        }
    }

    fn patch_issue(&self, repo: &RepoId, number: Number, change: Value) -> Result<Issue, Undone> {
        let answer = self.write(Method::Patch, repo, &format!("/issues/{number}"), change, Load::Write)?;
        answer.parse().map_err(Undone::Unknown)
    }
}

/// GitHub's forms send line ends with a carriage return.
pub(crate) fn same_text(one: &str, other: &str) -> bool {
    one.replace("\r\n", "\n").trim_end() == other.replace("\r\n", "\n").trim_end()
}
