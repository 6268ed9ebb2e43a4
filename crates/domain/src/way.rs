//! Ways to tell a person: what is told by each, when, and by what means.

mod route;

use std::fmt;
use std::path::PathBuf;

pub use route::{Awake, Route};

/// One way to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Its name.
    pub name: String,
    /// What is told by it, and when.
    pub route: Route,
    /// How.
    pub means: Means,
}

/// How a way tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// A program of the user's with its arguments.
    Command(Vec<String>),
    /// The desktop, by this program that takes what `notify-send` (libnotify) takes.
    Desktop(Vec<String>),
    /// An HTTP request.
    Post(Post),
    /// An e-mail.
    Mail(Mail),
}

/// Where to post, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where.
    pub address: Address,
    /// What the body looks like.
    pub form: Form,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
}

/// Who receives, which says what its JSON looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// ntfy (its documentation, "Publish as JSON").
    Ntfy {
        /// The topic; absent where the address is no ntfy's.
        topic: Option<String>,
    },
    /// Anything that takes JSON: key, level, title, message, goal, story, url, links.
    Json,
    /// Slack (its documentation, "Sending messages using incoming webhooks").
    Slack,
    /// Mattermost (its documentation, "Incoming webhooks").
    Mattermost,
    /// Discord (its documentation, "Execute Webhook").
    Discord,
}

/// Which mail goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The server: `smtps://host` speaks TLS from the first byte, `smtp://host` begins it by STARTTLS and goes without
    /// it on this machine only.
    pub server: Address,
    /// As whom the server knows us.
    pub user: Option<String>,
    /// The password for that.
    pub password: Option<Secret>,
    /// Who writes.
    pub from: String,
    /// Whom to.
    pub to: Vec<String>,
}

/// An address, or where it is written: a chat's webhook is a secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// This one.
    Plain(String),
    /// One that nobody else is to know.
    Secret(Secret),
}

/// Where a secret is. It is not held here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In this variable of the environment.
    Variable(String),
    /// In this file, alone.
    File(PathBuf),
}

impl Means {
    /// The desktop of whoever herder works for.
    pub fn desktop() -> Self {
        Self::Desktop(vec!["notify-send".into()])
    }

    /// Where its secrets are.
    pub fn secrets(&self) -> Vec<&Secret> {
        let (address, secret) = match self {
            Self::Command(_) | Self::Desktop(_) => return Vec::new(),
            Self::Post(post) => (&post.address, &post.token),
            Self::Mail(mail) => (&mail.server, &mail.password),
        };
        let address = match address {
            Address::Secret(secret) => Some(secret),
            Address::Plain(_) => None,
        };
        address.into_iter().chain(secret).collect()
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}
