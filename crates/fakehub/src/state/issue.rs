//! Issues, and what pull requests share with them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Event, Id, Pull};

/// A label of a repository.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its id, which stays when it is renamed.
    pub id: Id,
    /// Its name; no two of a repository are equal but for case.
    pub name: String,
    /// Six hexadecimal digits.
    pub color: String,
    /// What it is for.
    pub description: Option<String>,
}

/// Where an issue is: the repository as `owner/name` in lower case, and the number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssueRef {
    /// The repository's key.
    pub repo: String,
    /// The number.
    pub number: u64,
}

/// Why an issue is closed, or open again: REST's `state_reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Done.
    Completed,
    /// Will not be done.
    NotPlanned,
    /// The same as another.
    Duplicate,
    /// Open again.
    Reopened,
}

impl Reason {
    /// The word of REST; GraphQL has it in capitals.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Reason::Completed => "completed",
            Reason::NotPlanned => "not_planned",
            Reason::Duplicate => "duplicate",
            Reason::Reopened => "reopened",
        }
    }

    /// The reason that is called so, in either case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Reason> {
        [Reason::Completed, Reason::NotPlanned, Reason::Duplicate, Reason::Reopened]
            .into_iter()
            .find(|reason| reason.word().eq_ignore_ascii_case(word))
    }
}

/// A comment below an issue or pull request.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its id.
    pub id: Id,
    /// Who wrote it.
    pub author: String,
    /// The text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// An issue, or the part of a pull request that is one.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Its id. A pull request has another one of its own.
    pub id: Id,
    /// Its number in the repository.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The text.
    pub body: Option<String>,
    /// Who opened it.
    pub author: String,
    /// When and by whom it was closed; `None` while it is open.
    pub closed: Option<(Timestamp, String)>,
    /// Why it is closed, or open again.
    pub reason: Option<Reason>,
    /// Its labels.
    pub labels: BTreeSet<Id>,
    /// Who is to do it, by login.
    pub assignees: BTreeSet<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything of it changed.
    pub updated_at: Timestamp,
    /// When the text was last edited, and by whom; only GraphQL tells.
    pub edited: Option<(Timestamp, String)>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// The issue that it is a part of.
    pub parent: Option<IssueRef>,
    /// Its parts in order.
    pub sub_issues: Vec<IssueRef>,
    /// What has to be closed first.
    pub blocked_by: Vec<IssueRef>,
    /// Present when it is a pull request.
    pub pull: Option<Pull>,
}

impl Issue {
    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// `open` or `closed`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if self.is_open() { "open" } else { "closed" }
    }

    /// The pull request, if it is one that was not merged or closed.
    #[must_use]
    pub fn open_pull(&self) -> Option<&Pull> {
        self.pull.as_ref().filter(|_| self.is_open())
    }
}
