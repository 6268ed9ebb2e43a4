//! Pull requests: what they have beyond an issue.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Id;

/// How commits come into the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A commit with two parents.
    Merge,
    /// One commit.
    Squash,
    /// Each commit again.
    Rebase,
}

impl Method {
    /// The word of REST; GraphQL has it in capitals.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Method::Merge => "merge",
            Method::Squash => "squash",
            Method::Rebase => "rebase",
        }
    }

    /// The method that is called so, in either case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Method> {
        [Method::Merge, Method::Squash, Method::Rebase]
            .into_iter()
            .find(|method| method.word().eq_ignore_ascii_case(word))
    }
}

/// That a pull request is to be merged when its requirements are met.
#[derive(Debug, Clone)]
pub struct AutoMerge {
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How.
    pub method: Method,
    /// First line of the commit, when it was given.
    pub title: Option<String>,
    /// Rest of the commit's message, when it was given.
    pub message: Option<String>,
}

/// How a pull request ended well.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The commit in the base.
    pub sha: String,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// No, until something changes.
    ChangesRequested,
    /// Neither.
    Commented,
    /// Taken back.
    Dismissed,
    /// Not handed in yet.
    Pending,
}

impl ReviewState {
    /// The word of both APIs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ReviewState::Approved => "APPROVED",
            ReviewState::ChangesRequested => "CHANGES_REQUESTED",
            ReviewState::Commented => "COMMENTED",
            ReviewState::Dismissed => "DISMISSED",
            ReviewState::Pending => "PENDING",
        }
    }
}

/// A review.
#[derive(Debug, Clone)]
pub struct Review {
    /// Its id.
    pub id: Id,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub state: ReviewState,
    /// The text.
    pub body: String,
    /// The commit that was looked at.
    pub commit: String,
    /// When it was handed in.
    pub submitted_at: Timestamp,
}

/// A remark at a line.
#[derive(Debug, Clone)]
pub struct ReviewComment {
    /// Its id.
    pub id: Id,
    /// The review that it belongs to.
    pub review: Option<Id>,
    /// Who wrote it.
    pub author: String,
    /// The text.
    pub body: String,
    /// The file.
    pub path: String,
    /// The line in the new file.
    pub line: u64,
    /// The commit that was looked at.
    pub commit: String,
    /// The remark that it answers.
    pub in_reply_to: Option<Id>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A place in a merge queue.
#[derive(Debug, Clone)]
pub struct QueueEntry {
    /// Its id.
    pub id: Id,
    /// The pull request.
    pub number: u64,
    /// Who put it there.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The commit that the queue tests: the base with all that stands before it, and the pull request.
    pub group: String,
}

/// What a pull request has beyond an issue.
#[derive(Debug, Clone)]
pub struct Pull {
    /// Its id as a pull request.
    pub id: Id,
    /// The branch with the work.
    pub head: String,
    /// Its tip.
    pub head_sha: String,
    /// The branch it is for.
    pub base: String,
    /// The base's tip when it was last compared.
    pub base_sha: String,
    /// Whether it is not for merging yet.
    pub is_draft: bool,
    /// Whether people with write access to the base may push to the head.
    pub maintainer_can_modify: bool,
    /// How it was merged.
    pub merged: Option<Merged>,
    /// Whether it merges by itself.
    pub auto_merge: Option<AutoMerge>,
    /// What reviewers said, oldest first.
    pub reviews: Vec<Review>,
    /// What they said at lines.
    pub review_comments: Vec<ReviewComment>,
    /// Who is asked, by login.
    pub requested_reviewers: BTreeSet<String>,
    /// Head, base and whether they merge, as last worked out. GitHub does that in the background: a reader who
    /// comes earlier is told that it is not known.
    pub mergeable: Option<(String, String, bool)>,
}

impl Pull {
    /// Whether head and base merge without conflict, where that is known of their tips of now.
    #[must_use]
    pub fn is_mergeable(&self, base_tip: &str) -> Option<bool> {
        let (head, base, answer) = self.mergeable.as_ref()?;
        (*head == self.head_sha && base == base_tip).then_some(*answer)
    }
}
