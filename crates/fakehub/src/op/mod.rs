//! What can be done at the hub, one function for each deed; REST, GraphQL and the tests' own people call the same.
//!
//! A deed checks who asks, changes the state, writes the timeline, and says what the hooks are to be told.

pub mod account;
pub mod check;
pub mod comment;
pub mod hook;
pub mod issue;
pub mod label;
pub mod link;
pub mod merge;
pub mod mergeability;
pub mod pull;
pub mod queue;
pub mod refs;
pub mod repo;
pub mod review;
pub mod settle;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::git::Git;
use crate::state::{Deed, Event, Issue, IssueRef, Permission, Repo, State};
use crate::view;

/// Why something was not done. Each face has its own form for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such thing, or the asker must not know of it.
    NotFound,
    /// Nobody was named who could be asked back, or the credential is none.
    Unauthorized(String),
    /// The asker is known and may not.
    Forbidden(String),
    /// It cannot be done now: 405 of a merge.
    NotAllowed(String),
    /// Something else happened first.
    Conflict(String),
    /// What was sent makes no sense: the message, and field and code where one field is to blame.
    Invalid(String, Option<(String, &'static str, &'static str)>),
}

impl Refusal {
    /// Unprocessable, with one sentence.
    #[must_use]
    pub fn unprocessable(sentence: impl Into<String>) -> Refusal {
        Refusal::Invalid(sentence.into(), None)
    }

    /// `Validation Failed`, because of this field of this resource: `missing_field`, `invalid`, `already_exists`.
    #[must_use]
    pub fn field(resource: &'static str, field: &str, code: &'static str) -> Refusal {
        let blame = (field.to_owned(), code, resource);
        Refusal::Invalid("Validation Failed".to_owned(), Some(blame))
    }
}

/// How a deed ends.
pub type Done<T> = Result<T, Refusal>;

/// Something that hooks are told of.
#[derive(Debug, Clone)]
pub struct News {
    /// The repository's key.
    pub repo: String,
    /// `X-GitHub-Event`.
    pub event: &'static str,
    /// The payload.
    pub payload: Value,
}

/// What a deed works with.
pub struct Ctx<'a> {
    /// The hub.
    pub state: &'a mut State,
    /// Its objects.
    pub git: &'a Git,
    /// Who acts; `None` is somebody who did not say.
    pub actor: Option<String>,
    /// What addresses in answers begin with.
    pub root: String,
    /// What hooks are to be told.
    pub news: Vec<News>,
}

impl Ctx<'_> {
    /// How REST shows things.
    #[must_use]
    pub(crate) fn view(&self) -> view::View<'_> {
        view::View { state: self.state, root: &self.root }
    }

    /// The hub's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.now()
    }

    /// The login of who acts.
    ///
    /// # Errors
    /// When nobody signed in.
    pub fn login(&self) -> Done<String> {
        self.actor.clone().ok_or_else(|| Refusal::Unauthorized("Requires authentication".to_owned()))
    }

    /// The repository, if the actor may do there what `need` allows.
    ///
    /// # Errors
    /// When there is none that the actor may see, or seeing is all that is allowed.
    pub fn repo(&self, slug: &str, need: Permission) -> Done<&Repo> {
        let repo = self.state.repo(slug).ok_or(Refusal::NotFound)?;
        let login = self.actor.as_deref().unwrap_or_default();
        let has = repo.permission(login).ok_or(Refusal::NotFound)?;
        if need > Permission::Read {
            self.login()?;
            if repo.is_archived {
                return Err(Refusal::Forbidden("Repository was archived so is read-only.".to_owned()));
            }
        }
        if has < need {
            let sentence = match need {
                Permission::Admin => "Must have admin rights to Repository.",
                Permission::Read | Permission::Triage | Permission::Write | Permission::Maintain => {
                    "Resource not accessible by personal access token"
                }
            };
            return Err(Refusal::Forbidden(sentence.to_owned()));
        }
        Ok(repo)
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// As [`Ctx::repo`].
    pub fn repo_mut(&mut self, slug: &str, need: Permission) -> Done<&mut Repo> {
        self.repo(slug, need)?;
        self.state.repo_mut(slug).ok_or(Refusal::NotFound)
    }

    /// The issue of this number, if the actor may do there what `need` allows.
    ///
    /// # Errors
    /// As [`Ctx::repo`], and when there is no such number.
    pub fn issue(&self, slug: &str, number: u64, need: Permission) -> Done<&Issue> {
        self.repo(slug, need)?.issues.get(&number).ok_or(Refusal::NotFound)
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// As [`Ctx::issue`].
    pub fn issue_mut(&mut self, at: &IssueRef) -> Done<&mut Issue> {
        self.state.issue_mut(at).ok_or(Refusal::NotFound)
    }

    /// Whether the actor may change an issue: its author, or somebody who may triage.
    ///
    /// # Errors
    /// When not.
    pub fn may_change(&self, slug: &str, author: &str) -> Done<()> {
        let login = self.login()?;
        let need = if login.eq_ignore_ascii_case(author) { Permission::Read } else { Permission::Triage };
        self.repo(slug, need).map(|_| ())
    }

    /// Writes a line of the timeline, and that the issue changed.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn log(&mut self, at: &IssueRef, deed: Deed) -> Done<()> {
        let actor = self.login()?;
        let (id, now) = (self.state.fresh_id(), self.now());
        let issue = self.issue_mut(at)?;
        issue.events.push(Event { id, actor, at: now, deed });
        issue.updated_at = now;
        Ok(())
    }

    /// Marks an issue as changed now.
    ///
    /// # Errors
    /// When there is no such issue.
    pub fn touch(&mut self, at: &IssueRef) -> Done<()> {
        let now = self.now();
        self.issue_mut(at)?.updated_at = now;
        Ok(())
    }

    /// Tells the hooks of a repository; what all payloads have is added.
    pub fn tell(&mut self, key: &str, event: &'static str, action: Option<&str>, mut payload: Value) {
        let Some(repo) = self.state.repo(key) else { return };
        if let Some(action) = action {
            payload["action"] = json!(action);
        }
        let sender = self.actor.as_deref().unwrap_or("ghost");
        let look = self.view();
        payload["repository"] = look.repo(repo, None);
        payload["sender"] = look.user(sender);
        self.news.push(News { repo: key.to_owned(), event, payload });
    }

    /// Tells the hooks about an issue or pull request.
    pub fn tell_issue(&mut self, at: &IssueRef, action: &str, extra: Value) {
        let look = self.view();
        let (Some(repo), Some(issue)) = (self.state.repo(&at.repo), self.state.issue(at)) else { return };
        let mut payload = extra;
        let event = match &issue.pull {
            Some(pull) => {
                payload["number"] = json!(at.number);
                payload["pull_request"] = look.pull(self.git, repo, issue, pull);
                "pull_request"
            }
            None => {
                payload["issue"] = look.issue(repo, issue);
                "issues"
            }
        };
        self.tell(&at.repo.clone(), event, Some(action), payload);
    }
}
