//! Who may do what: accounts, credentials, apps.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Id;

/// What kind of account it is, as REST's `type` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    User,
    /// An owner of repositories that nobody signs in as.
    Organization,
    /// What an app acts as.
    Bot,
}

impl Kind {
    /// The word of the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Organization => "Organization",
            Kind::Bot => "Bot",
        }
    }
}

/// An account.
#[derive(Debug, Clone)]
pub struct User {
    /// Its id.
    pub id: Id,
    /// Its name in addresses.
    pub login: String,
    /// What kind it is.
    pub kind: Kind,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a collaborator may do, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Look, open issues, comment.
    Read,
    /// Also label, close and reopen.
    Triage,
    /// Also push and merge.
    Write,
    /// Also some settings.
    Maintain,
    /// Everything.
    Admin,
}

impl Permission {
    /// All, least first.
    pub const ALL: [Permission; 5] =
        [Permission::Read, Permission::Triage, Permission::Write, Permission::Maintain, Permission::Admin];

    /// `role_name` of REST.
    #[must_use]
    pub fn role(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Triage => "triage",
            Permission::Write => "write",
            Permission::Maintain => "maintain",
            Permission::Admin => "admin",
        }
    }

    /// The older `permission` of REST, which knows neither triage nor maintain.
    #[must_use]
    pub fn legacy(self) -> &'static str {
        match self {
            Permission::Read | Permission::Triage => "read",
            Permission::Write | Permission::Maintain => "write",
            Permission::Admin => "admin",
        }
    }
}

/// A credential and whom it stands for.
#[derive(Debug, Clone)]
pub struct Token {
    /// The account that acts.
    pub login: String,
    /// What `X-OAuth-Scopes` says; an app's token has none.
    pub scopes: Vec<String>,
    /// What it may do where it has no scopes: a fine-grained token's permissions. Nothing said is no bound.
    pub permissions: Option<BTreeMap<String, Access>>,
    /// The installation that it was made for, with what it may touch.
    pub installation: Option<Id>,
    /// When it ends, where it does.
    pub expires_at: Option<Timestamp>,
}

/// How much a permission of a fine-grained token, or of an app, allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Look.
    Read,
    /// Also change.
    Write,
}

impl Access {
    /// The word of the API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
        }
    }
}

/// A GitHub App with one installation on one account.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id, which is the `iss` of its JWT.
    pub id: Id,
    /// Its name in addresses; its bot is `<slug>[bot]`.
    pub slug: String,
    /// The public half of its key, as PEM (SubjectPublicKeyInfo).
    pub public_key: String,
    /// The id of its installation.
    pub installation: Id,
    /// The account it is installed on.
    pub account: String,
    /// What it may do there.
    pub permissions: BTreeMap<String, Access>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl App {
    /// The login that it acts as.
    #[must_use]
    pub fn bot(&self) -> String {
        format!("{}[bot]", self.slug)
    }
}
