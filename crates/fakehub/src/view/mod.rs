//! How REST shows things: the bodies of answers and of messages to hooks.
//!
//! Which fields there are, GitHub's own OpenAPI description says; the suite `github` holds every answer against it.

mod app;
mod check;
mod commit;
mod event;
mod hook;
mod issue;
mod pull;
mod repo;
mod rules;

pub use check::suite;
pub use commit::{account, node};
pub use repo::encode;

use serde_json::{Map, Value, json};

use crate::state::{Id, Kind, NodeKind, Repo, State, User};

/// A look at the state, with what addresses begin with.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What is looked at.
    pub state: &'a State,
    /// Where the API is: `http://127.0.0.1:PORT`, with `/api/v3` behind it for a client that asked there.
    pub root: &'a str,
}

/// What addresses of an account are called, and what stands behind its own address.
const USER_LINKS: [(&str, &str); 8] = [
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("received_events_url", "/received_events"),
];

impl View<'_> {
    /// Where pages for people are.
    #[must_use]
    pub fn web(&self) -> String {
        self.root.trim_end_matches("/api/v3").replace("https://api.", "https://")
    }

    /// An account by its login; one that is gone is GitHub's ghost.
    #[must_use]
    pub fn user(&self, login: &str) -> Value {
        match self.state.user(login) {
            Some(user) => self.account(user),
            None => {
                let id = Id(10137);
                self.account_of(login, id, Kind::User)
            }
        }
    }

    fn account(&self, user: &User) -> Value {
        self.account_of(&user.login, user.id, user.kind)
    }

    fn account_of(&self, login: &str, id: Id, kind: Kind) -> Value {
        let url = format!("{}/users/{login}", self.root);
        let mut shown = Map::new();
        shown.insert("login".to_owned(), json!(login));
        shown.insert("id".to_owned(), json!(id.0));
        shown.insert("node_id".to_owned(), json!(id.node(NodeKind::User)));
        shown.insert("avatar_url".to_owned(), json!(format!("{}/avatars/{}", self.web(), id)));
        shown.insert("gravatar_id".to_owned(), json!(""));
        shown.insert("html_url".to_owned(), json!(format!("{}/{login}", self.web())));
        shown.insert("type".to_owned(), json!(kind.word()));
        shown.insert("site_admin".to_owned(), json!(false));
        for (name, rest) in USER_LINKS {
            shown.insert(name.to_owned(), json!(format!("{url}{rest}")));
        }
        shown.insert("events_url".to_owned(), json!(format!("{url}/events{{/privacy}}")));
        shown.insert("url".to_owned(), json!(url));
        Value::Object(shown)
    }

    /// The account that signed in, with what only it may see.
    #[must_use]
    pub fn private_user(&self, login: &str) -> Value {
        let mut shown = self.user(login);
        let created = self.state.user(login).map(|user| user.created_at.to_string());
        merge(
            &mut shown,
            json!({
                "name": login, "company": null, "blog": "", "location": null, "email": null, "hireable": null,
                "bio": null, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
                "created_at": created, "updated_at": created, "private_gists": 0, "total_private_repos": 0,
                "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0,
                "two_factor_authentication": true,
            }),
        );
        shown
    }

    /// What a writer is to a repository: `author_association`.
    #[must_use]
    pub fn association(&self, repo: &Repo, login: &str) -> &'static str {
        if repo.owner.eq_ignore_ascii_case(login) {
            "OWNER"
        } else if repo.collaborators.contains_key(&login.to_ascii_lowercase()) {
            "COLLABORATOR"
        } else {
            "NONE"
        }
    }

    /// The address of something of a repository.
    #[must_use]
    pub fn of(&self, repo: &Repo, rest: &str) -> String {
        format!("{}/repos/{}{rest}", self.root, repo.slug())
    }

    /// The page of something of a repository.
    #[must_use]
    pub fn page(&self, repo: &Repo, rest: &str) -> String {
        format!("{}/{}{rest}", self.web(), repo.slug())
    }
}

/// Adds fields to an object.
pub fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
