//! What herder has to know of a repository, and who may do what in it.

use herder_domain::repo::RepoId;
use serde::Deserialize;

use crate::client::{Client, Request};
use crate::lookup::{Lookup, Missing, Undone};

/// What the token's account may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Rights {
    /// Everything.
    pub admin: bool,
    /// Push, label, close, merge.
    pub push: bool,
    /// Read.
    pub pull: bool,
}

/// Facts of a repository. Settings that GitHub shows only to those who may write are `None` to others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// `owner/name`, as it is called now: another than was asked for where it was renamed.
    pub full_name: String,
    /// The branch that `Closes #N` works on.
    pub default_branch: String,
    /// Whether nothing can be written any more.
    pub archived: bool,
    /// Whether it has issues at all.
    #[serde(default)]
    pub has_issues: bool,
    /// Whether a pull request may merge by itself.
    #[serde(default)]
    pub allow_auto_merge: Option<bool>,
    /// Whether a pull request may be squashed.
    #[serde(default)]
    pub allow_squash_merge: Option<bool>,
    /// Whether a pull request may be rebased.
    #[serde(default)]
    pub allow_rebase_merge: Option<bool>,
    /// Whether a pull request may be merged by a merge commit.
    #[serde(default)]
    pub allow_merge_commit: Option<bool>,
    /// What the token's account may do.
    #[serde(default)]
    pub permissions: Rights,
    /// The page.
    pub html_url: String,
}

/// How much somebody may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing.
    None,
    /// Look.
    Read,
    /// Push, label, close; GitHub counts `maintain` as this.
    Write,
    /// Everything.
    Admin,
}

#[derive(Deserialize)]
struct Held {
    permission: String,
}

#[derive(Deserialize)]
struct Me {
    login: String,
}

impl Client {
    /// The repository's facts. Never `Gone` for what may only be hidden.
    pub fn repository(&self, repo: &RepoId) -> Lookup<Repository> {
        self.read(repo, "").into()
    }

    /// What somebody may do there. An account that is unknown, or gone, may nothing.
    ///
    /// A word that GitHub has added since counts as reading: nobody gets to queue a goal by it.
    pub fn permission(&self, repo: &RepoId, login: &str) -> Lookup<Permission> {
        let login = crate::path::encode(login);
        let held: Result<Held, Missing> = self.read(repo, &format!("/collaborators/{login}/permission"));
        match held {
            Err(Missing::Gone) => Lookup::Present(Permission::None),
            other => Lookup::from(other).map(|held| match held.permission.as_str() {
                "admin" => Permission::Admin,
                "write" | "maintain" => Permission::Write,
                "none" => Permission::None,
                _ => Permission::Read,
            }),
        }
    }

    /// The account that the token is of. That of an app's installation is the app's bot, whose name the app is asked for
    /// once.
    pub fn login(&self) -> Lookup<String> {
        if let Some(bot) = self.bot() {
            return bot.map_or_else(Lookup::Unknown, Lookup::Present);
        }
        let url = format!("{}/user", self.site().rest());
        let me = self.ask(&Request::get(url)).map_err(Undone::why).and_then(|answer| answer.parse::<Me>());
        match me {
            Ok(Me { login }) => Lookup::Present(login),
            Err(why) => Lookup::Unknown(why),
        }
    }
}
