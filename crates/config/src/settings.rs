//! What holds for herder as a whole, whatever the goal.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use herder_domain::capacity::Slots;
use herder_domain::digest::Daily;
use herder_domain::duration::Span;
use herder_domain::goal::GoalOptions;
use herder_domain::repo::RepoId;
use herder_domain::setup::{Author, Clocks, Sleep};
use herder_domain::way::{Secret, Way};

use crate::error::ConfigError;
use crate::file::{RepositoryConfig, UserConfig};
use crate::hours::Clock;
use crate::resolve::{Flags, resolve};
use crate::source::{Source, Sourced};

/// How many ralphs work at once where nobody says another number.
const DEFAULT_MAX: Slots = Slots::Auto;

/// Variables that hold secrets wherever they are set.
const KNOWN_SECRETS: [&str; 8] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GITHUB_WEBHOOK_SECRET",
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
];

/// Settings of the orchestrator.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many ralphs work at once.
    pub max: Sourced<Slots>,
    /// Where clones lie.
    pub root: Sourced<PathBuf>,
    /// Where webhooks are heard, if anywhere.
    pub webhook: Sourced<Option<SocketAddr>>,
    /// What becomes of this machine's sleep while anything is at work.
    pub sleep: Sourced<Sleep>,
    /// Who makes herder's commits.
    pub author: Sourced<Author>,
    /// The wait after a first failure; it doubles.
    pub backoff_first: Sourced<Span>,
    /// The longest such wait.
    pub backoff_longest: Sourced<Span>,
    /// How a person is told.
    pub ways: Vec<Way>,
    /// When a person is told what the last day came to, if so.
    pub digest: Option<Daily>,
    /// After how long a person is told again of what waits for a look, if so.
    pub escalate: Option<Duration>,
    /// Where the dashboard is reached from afar, without a slash at the end: messages carry signed orders there, if so.
    pub links: Option<String>,
    /// Names of variables whose values never reach a file: the configured ones, every credential, and
    /// those that are known to hold secrets.
    pub secrets: Vec<String>,
    /// Files that hold nothing but a secret, which reaches no other file either.
    pub secret_files: Vec<PathBuf>,
}

impl UserConfig {
    /// The settings of the orchestrator; `env` looks a variable up.
    pub fn settings(
        &self,
        flags: &Flags,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Settings, ConfigError> {
        let raw = &self.raw;
        let span = |key: [&str; 2], said: Option<Span>, seconds| match said {
            Some(span) => Sourced::new(span, self.lines.source(&key)),
            None => Sourced::by_default(Span(std::time::Duration::from_secs(seconds))),
        };
        let ways = self.ways(&|path| expanded(path, &env))?;
        let settings = Settings {
            max: self.max(flags),
            root: self.root(flags, &env)?,
            webhook: self.webhook(flags),
            sleep: match raw.sleep {
                Some(sleep) => Sourced::new(sleep, self.lines.source(&["sleep"])),
                None => Sourced::by_default(Sleep::default()),
            },
            author: self.author(),
            backoff_first: span(["backoff", "first"], raw.backoff.first, 30),
            backoff_longest: span(["backoff", "longest"], raw.backoff.longest, 30 * 60),
            secrets: self.secrets(&ways),
            secret_files: secret_files(&ways),
            digest: match raw.notify.digest {
                Some(Clock(at)) => Some(Daily { zone: self.time_zone()?, at }),
                None => None,
            },
            escalate: raw.notify.escalate.map(|span| span.0),
            links: raw.notify.links.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            ways,
        };
        if settings.backoff_first.value > settings.backoff_longest.value {
            return Err(self.lines.bad_value(&["backoff", "first"], "it is longer than backoff.longest"));
        }
        Ok(settings)
    }

    /// Refuses what an orchestrator could not work with.
    ///
    /// # Errors
    /// As [`Self::settings`], [`Self::retention`] and [`resolve`] of a goal that asks for nothing.
    pub fn vet(
        &self,
        flags: &Flags,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Settings, ConfigError> {
        self.retention()?;
        let none = RepositoryConfig::empty();
        resolve(&GoalOptions::default(), flags, None, &none, self, &env)?;
        self.settings(flags, env)
    }

    pub(crate) fn max(&self, flags: &Flags) -> Sourced<Slots> {
        let said = self.raw.max.map(|max| Sourced::new(max, self.lines.source(&["max"])));
        let flag = flags.max.map(|max| Sourced::new(max, Source::Flag));
        flag.or(said).unwrap_or(Sourced::by_default(DEFAULT_MAX))
    }

    fn webhook(&self, flags: &Flags) -> Sourced<Option<SocketAddr>> {
        match (flags.webhook, self.raw.webhook) {
            (Some(at), _) => Sourced::new(Some(at), Source::Flag),
            (None, Some(at)) => Sourced::new(Some(at), self.lines.source(&["webhook"])),
            (None, None) => Sourced::by_default(None),
        }
    }

    /// How many ralphs work in one repository at once, if the user says so.
    pub fn max_in(&self, repo: &RepoId) -> Option<Sourced<usize>> {
        let (name, table) = self.repo(Some(repo))?;
        table.max.map(|max| Sourced::new(max.get(), self.lines.source(&["repo", name, "max"])))
    }

    /// How many times the share of another a repository is to have of the slots, if the user says so.
    pub fn weight_of(&self, repo: &RepoId) -> Option<Sourced<NonZeroU32>> {
        let (name, table) = self.repo(Some(repo))?;
        table.weight.map(|weight| Sourced::new(weight, self.lines.source(&["repo", name, "weight"])))
    }

    /// Whether no goal of a repository starts while its base branch is red by its own checks; so it is unless the user says
    /// otherwise.
    pub fn pauses_on_red(&self, repo: &RepoId) -> Sourced<bool> {
        let said = self.repo(Some(repo)).and_then(|(name, table)| {
            let source = || self.lines.source(&["repo", name, "pause_on_red"]);
            table.pause_on_red.map(|pauses| Sourced::new(pauses, source()))
        });
        said.unwrap_or(Sourced::by_default(true))
    }

    /// The branch that a repository's goals land on, if the user says one.
    pub fn base_of(&self, repo: &RepoId) -> Option<Sourced<String>> {
        crate::policy::base(Some(repo), self)
    }

    fn root(
        &self,
        flags: &Flags,
        env: &impl Fn(&str) -> Option<OsString>,
    ) -> Result<Sourced<PathBuf>, ConfigError> {
        if let Some(root) = &flags.root {
            return Ok(Sourced::new(root.clone(), Source::Flag));
        }
        match &self.raw.root {
            Some(root) => Ok(Sourced::new(expanded(root, env)?, self.lines.source(&["root"]))),
            None => Ok(Sourced::by_default(expanded("~/.ralphs", env)?)),
        }
    }

    pub(crate) fn author(&self) -> Sourced<Author> {
        let said = &self.raw.author;
        let author = Author {
            name: said.name.clone().unwrap_or_else(|| "herder".into()),
            email: said.email.clone().unwrap_or_else(|| "herder@localhost".into()),
        };
        match (&said.name, &said.email) {
            (None, None) => Sourced::by_default(author),
            (Some(_), _) | (None, Some(_)) => Sourced::new(author, self.lines.source(&["author"])),
        }
    }

    fn secrets(&self, ways: &[Way]) -> Vec<String> {
        let credentials = self.raw.agents.values().filter_map(|agent| agent.credential.clone());
        let mut names: Vec<String> = KNOWN_SECRETS.into_iter().map(ToOwned::to_owned).collect();
        names.extend(credentials);
        names.extend(self.raw.redact.env.iter().cloned());
        names.extend(ways.iter().flat_map(|way| way.means.secrets()).filter_map(|secret| match secret {
            Secret::Variable(name) => Some(name.clone()),
            Secret::File(_) => None,
        }));
        for forge in self.raw.forge.values() {
            let named = [&forge.token, &forge.webhook_secret, &forge.app_key];
            names.extend(named.into_iter().flatten().cloned());
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(crate) fn clocks(&self) -> Clocks {
        let said = &self.raw.timeouts;
        let usual = Clocks::default();
        let or = |span: Option<Span>, usual| span.map_or(usual, |span| span.0);
        Clocks {
            silence: or(said.silence, usual.silence),
            tool: or(said.tool, usual.tool),
            iteration: or(said.iteration, usual.iteration),
            gate: or(said.gate, usual.gate),
            setup: or(said.setup, usual.setup),
            wait: or(said.wait, usual.wait),
            backoff: or(self.raw.backoff.first, usual.backoff),
        }
    }
}

fn secret_files(ways: &[Way]) -> Vec<PathBuf> {
    let secrets = ways.iter().flat_map(|way| way.means.secrets());
    let files = secrets.filter_map(|secret| match secret {
        Secret::File(path) => Some(path.clone()),
        Secret::Variable(_) => None,
    });
    files.collect()
}

/// A path whose `~/` is the home directory.
pub(crate) fn expanded(path: &str, env: &impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, ConfigError> {
    let Some(rest) = path.strip_prefix("~/") else { return Ok(path.into()) };
    let home = env("HOME").filter(|home| !home.is_empty()).ok_or(ConfigError::NoHome)?;
    Ok(PathBuf::from(home).join(rest))
}
