//! All that the double knows, as plain values: what a person would see who could look at the whole site at once.
//!
//! A [`State`] is cheap to copy (each repository is shared until it changes), so that every revision can be kept for
//! a while and a reader can be shown an old one.

mod account;
mod checks;
mod event;
mod hook;
mod id;
mod issue;
mod limits;
mod pull;
mod repo;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use account::{Access, App, Kind, Permission, Token, User};
pub use checks::{CheckRun, Conclusion, Health, Status};
pub use event::{Deed, Event};
pub use hook::{Delivery, Hook};
pub use id::{Id, NodeKind};
pub use issue::{Comment, Issue, IssueRef, Label, Reason};
pub use limits::{Account, Pool};
pub use pull::{AutoMerge, Merged, Method, Pull, QueueEntry, Review, ReviewComment, ReviewState};
pub use repo::{Protection, Repo, RequiredChecks, Ruleset};

use jiff::{SignedDuration, Timestamp};

/// The whole site.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Users, organizations and bots, by login in lower case.
    pub users: BTreeMap<String, User>,
    /// Credentials by their secret.
    pub tokens: BTreeMap<String, Token>,
    /// Apps by their id.
    pub apps: BTreeMap<u64, App>,
    /// Repositories by `owner/name` in lower case.
    pub repos: BTreeMap<String, Arc<Repo>>,
    /// What clients have used, by login in lower case (empty for who has no token) and pool.
    pub accounts: BTreeMap<(String, Pool), Account>,
    /// How often something was changed so far.
    pub revision: u64,
    /// The last message to a hook that was handed to the mail.
    pub last_sent: Id,
    last_id: u64,
    skew: SignedDuration,
}

impl State {
    /// The hub's own time: the machine's, moved by what tests asked for, in whole seconds as GitHub tells it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let moved = Timestamp::now() + self.skew;
        Timestamp::from_second(moved.as_second()).unwrap_or(moved)
    }

    /// Moves the hub's clock, back too.
    pub fn move_clock(&mut self, by: SignedDuration) {
        self.skew += by;
    }

    /// An id that nothing had before; ids of all kinds share one sequence.
    pub fn fresh_id(&mut self) -> Id {
        self.last_id += 1;
        Id(self.last_id)
    }

    /// The repository of this `owner/name`, whatever the case.
    #[must_use]
    pub fn repo(&self, slug: &str) -> Option<&Repo> {
        self.repos.get(&slug.to_ascii_lowercase()).map(Arc::as_ref)
    }

    /// The same, to be changed.
    pub fn repo_mut(&mut self, slug: &str) -> Option<&mut Repo> {
        self.repos.get_mut(&slug.to_ascii_lowercase()).map(Arc::make_mut)
    }

    /// The issue or pull request that is meant.
    #[must_use]
    pub fn issue(&self, at: &IssueRef) -> Option<&Issue> {
        self.repo(&at.repo)?.issues.get(&at.number)
    }

    /// The same, to be changed.
    pub fn issue_mut(&mut self, at: &IssueRef) -> Option<&mut Issue> {
        self.repo_mut(&at.repo)?.issues.get_mut(&at.number)
    }

    /// Where the issue or pull request with this id is.
    #[must_use]
    pub fn find_issue(&self, id: Id) -> Option<IssueRef> {
        self.repos.values().find_map(|repo| {
            let issue = repo.issues.values().find(|issue| issue.id == id)?;
            Some(repo.at(issue.number))
        })
    }

    /// The account of this login, whatever the case.
    #[must_use]
    pub fn user(&self, login: &str) -> Option<&User> {
        self.users.get(&login.to_ascii_lowercase())
    }
}
