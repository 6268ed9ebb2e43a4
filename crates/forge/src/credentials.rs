//! Where the token comes from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use herder_oneshot::{Environment, OneShot};
use jiff::Timestamp;

use crate::app::{App, AppError, Installed};
use crate::secret::Secret;
use crate::wire::Wire;

/// How long `gh auth token` may take.
const GH_LIMIT: Duration = Duration::from_secs(20);

/// One place that a token may come from.
#[derive(Clone, Debug)]
pub enum TokenSource {
    /// The value of a variable, already read.
    Variable {
        /// Its name.
        name: String,
        /// Its value, where it holds a token.
        token: Option<Secret>,
    },
    /// What GitHub's own client keeps: `gh auth token --hostname HOST`.
    Gh {
        /// The program, `gh` or a path.
        program: PathBuf,
        /// The host to ask for.
        host: String,
    },
    /// A GitHub App's installation.
    App(App),
}

impl TokenSource {
    /// The token in a variable; `env` looks it up.
    pub fn variable(name: &str, env: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = env(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
        Self::Variable { name: name.to_owned(), token: Secret::parse(&text) }
    }

    /// The token that `gh` keeps for a host.
    pub fn gh(host: &str) -> Self {
        Self::Gh { program: "gh".into(), host: host.to_owned() }
    }

    /// What it is called in a sentence.
    pub fn name(&self) -> String {
        match self {
            Self::Variable { name, .. } => format!("the variable {name}"),
            Self::Gh { host, .. } => format!("gh auth token --hostname {host}"),
            Self::App(app) => format!("the GitHub App {}", app.issuer()),
        }
    }
}

/// Why there is no token. None of the texts holds one.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No source has one.
    #[error("there is no token for {host}: looked at {tried}")]
    Nowhere {
        /// The host.
        host: String,
        /// The sources, with what each said.
        tried: String,
    },
    /// The app has none to give.
    #[error(transparent)]
    App(#[from] AppError),
}

/// The sources in order, and what the first that has a token gave.
#[derive(Debug)]
pub struct Credentials {
    host: String,
    sources: Vec<TokenSource>,
    held: Mutex<Option<Held>>,
    bot: OnceLock<String>,
}

/// A token in use.
#[derive(Clone, Debug)]
struct Held {
    token: Secret,
    source: String,
    renew_at: Option<Timestamp>,
    /// What an installation's may do; others do not say.
    permissions: Option<BTreeMap<String, String>>,
}

impl Credentials {
    /// Takes the first of `sources` that has a token for `host`.
    pub fn new(host: &str, sources: Vec<TokenSource>) -> Self {
        Self { host: host.to_owned(), sources, held: Mutex::default(), bot: OnceLock::new() }
    }

    /// Which source the token in use came from.
    pub fn in_use(&self) -> Option<String> {
        self.lock().as_ref().map(|held| held.source.clone())
    }

    /// What the token in use may do, where it is an installation's.
    pub(crate) fn permissions(&self) -> Option<BTreeMap<String, String>> {
        self.lock().as_ref().and_then(|held| held.permissions.clone())
    }

    /// The token for a request at `now` (on the server's clock).
    pub(crate) fn token(&self, wire: &Wire, now: Timestamp) -> Result<Secret, TokenError> {
        // Held while it is fetched: many threads that find none ask once.
        let mut held = self.lock();
        if let Some(held) = held.as_ref().filter(|held| held.renew_at.is_none_or(|at| now < at)) {
            return Ok(held.token.clone());
        }
        let fresh = self.fetch(wire, now)?;
        Ok(held.insert(fresh).token.clone())
    }

    /// Whether the first source is an app.
    pub(crate) fn is_app(&self) -> bool {
        matches!(self.sources.first(), Some(TokenSource::App(_)))
    }

    /// The name of the app's bot, where the first source is an app. It is asked for once.
    pub(crate) fn bot(&self, wire: &Wire, now: Timestamp) -> Option<Result<String, AppError>> {
        let Some(TokenSource::App(app)) = self.sources.first() else { return None };
        if let Some(known) = self.bot.get() {
            return Some(Ok(known.clone()));
        }
        let bot = app.bot(wire, now);
        Some(bot.inspect(|bot| {
            let _ = self.bot.set(bot.clone());
        }))
    }

    /// Lets go of a token that the server no longer takes, unless another has come meanwhile.
    pub(crate) fn refused(&self, token: &Secret) {
        let mut held = self.lock();
        if held.as_ref().is_some_and(|held| held.token == *token) {
            *held = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch(&self, wire: &Wire, now: Timestamp) -> Result<Held, TokenError> {
        let mut tried = Vec::new();
        for source in &self.sources {
            let found = match source {
                TokenSource::Variable { token, .. } => token.clone().ok_or_else(|| "not set".to_owned()),
                TokenSource::Gh { program, host } => ask_gh(program, host),
                TokenSource::App(app) => {
                    let Installed { token, renew_at, permissions } = app.installed(wire, now)?;
                    return Ok(Held {
                        token,
                        source: source.name(),
                        renew_at: Some(renew_at),
                        permissions: Some(permissions),
                    });
                }
            };
            match found {
                Ok(token) => {
                    return Ok(Held { token, source: source.name(), renew_at: None, permissions: None });
                }
                Err(why) => tried.push(format!("{} ({why})", source.name())),
            }
        }
        let tried = if tried.is_empty() { "nothing".to_owned() } else { tried.join(", ") };
        Err(TokenError::Nowhere { host: self.host.clone(), tried })
    }
}

/// What `gh` keeps. What it prints when it fails holds no token, but its words are many, so they are left out.
fn ask_gh(program: &std::path::Path, host: &str) -> Result<Secret, String> {
    let shot = OneShot::new(program)
        .args(["auth", "token", "--hostname", host])
        .environment(Environment::Inherited(vec![("GH_PROMPT_DISABLED".into(), "1".into())]))
        .time_limit(GH_LIMIT)
        .stdout_cap(4 << 10);
    match shot.run() {
        Ok(done) if done.status.success() => {
            Secret::parse(&done.stdout.text()).ok_or_else(|| "it printed no token".to_owned())
        }
        Ok(_) => Err("not logged in".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
