//! The two files: the user's and the repository's.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use herder_domain::repo::RepoId;

use crate::document::{self, Lines, Owner};
use crate::error::ConfigError;
use crate::keys::{Key, parts};
use crate::layers::Voice;
use crate::limits;
use crate::resolve::Flags;
use crate::text::{AgentText, ForgeText, RepoText, RepositoryText, UserText};
use crate::values::{author, dollars, globs, inside, paths, percent, ports, programs, url, variables, words};

/// The user's `config.toml`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct UserConfig {
    pub(crate) raw: UserText,
    pub(crate) lines: Lines,
    file: PathBuf,
    text: String,
}

/// A repository's `.ralph/config.toml`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryConfig {
    pub(crate) raw: RepositoryText,
    pub(crate) lines: Lines,
}

impl UserConfig {
    /// Where the file is: `$HERDER_CONFIG`, `$XDG_CONFIG_HOME/herder/config.toml` or
    /// `~/.config/herder/config.toml`. `env` looks a variable up; `None` where it names no place.
    pub fn locate(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = || set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        set("HERDER_CONFIG").or_else(|| base().map(|base| base.join("herder/config.toml")))
    }

    /// Finds and reads the file. One that is not there is empty, unless `$HERDER_CONFIG` names it.
    pub fn load(env: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let Some(file) = Self::locate(&env) else { return Ok(Self::empty()) };
        let is_named = env("HERDER_CONFIG").is_some_and(|value| !value.is_empty());
        match fs::read_to_string(&file) {
            Ok(text) => Self::parse(&file, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => Self::parse(&file, ""),
            Err(source) => Err(ConfigError::Unreadable { file, source }),
        }
    }

    /// No file at all.
    pub fn empty() -> Self {
        let file = PathBuf::from("config.toml");
        Self {
            raw: UserText::default(),
            lines: Lines::none(Owner::User(file.clone())),
            file,
            text: String::new(),
        }
    }

    /// Reads the text of a file.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let (raw, lines) = document::read::<UserText>(Owner::User(file.into()), text)?;
        let config = Self { raw, lines, file: file.into(), text: text.into() };
        config.refuse_bad_values()?;
        Ok(config)
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A key by its dotted name, with what the file says of it; nothing where there is no such key.
    pub fn written(&self, key: &str) -> Option<(&'static Key, Option<Voice>)> {
        let path = parts(key)?;
        let known = Key::of(&path)?;
        let table: toml::Table = self.text.parse().ok()?;
        let mut value = Some(&toml::Value::Table(table)).cloned();
        for part in &path {
            value = value.and_then(|value| value.get(part).cloned());
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let voice = value.map(|value| Voice { value: value.to_string(), source: self.lines.source(&path) });
        Some((known, voice))
    }

    /// The user's own table for a repository, with the name that it stands under.
    pub(crate) fn repo(&self, repo: Option<&RepoId>) -> Option<(&str, &RepoText)> {
        let repo = repo?;
        // The fullest name is the most exact one.
        let tables = self.raw.repo.iter().filter(|(name, _)| repo.answers_to(name));
        tables.max_by_key(|(name, _)| name.len()).map(|(name, table)| (name.as_str(), table))
    }

    fn refuse_bad_values(&self) -> Result<(), ConfigError> {
        let (raw, lines) = (&self.raw, &self.lines);
        words(lines, &[], [("agent", &raw.agent), ("model", &raw.model)])?;
        dollars(lines, &["budget", "usd"], raw.budget.usd)?;
        dollars(lines, &["ceilings", "usd"], raw.ceilings.usd)?;
        for (name, agent) in &raw.agents {
            self.refuse_bad_agent(name, agent)?;
        }
        for (name, table) in &raw.repo {
            let parents = ["repo", name.as_str()];
            words(lines, &parents, [("agent", &table.agent), ("model", &table.model)])?;
            words(lines, &parents, [("base", &table.base)])?;
            paths(lines, &["repo", name, "files_from"], table.files_from.as_slice())?;
            dollars(lines, &["repo", name, "budget", "usd"], table.budget.usd)?;
            limits::refuse_bad(lines, &parents, &table.limits)?;
        }
        for (host, forge) in &raw.forge {
            self.refuse_bad_forge(host, forge)?;
        }
        self.refuse_bad_notify()?;
        variables(lines, &["redact", "env"], &raw.redact.env)?;
        variables(lines, &["sandbox", "env"], &raw.sandbox.env)?;
        paths(lines, &["sandbox", "read"], &raw.sandbox.read)?;
        paths(lines, &["sandbox", "write"], &raw.sandbox.write)?;
        limits::refuse_bad(lines, &[], &raw.limits)?;
        programs(lines, raw.heavy.as_deref())?;
        paths(lines, &["root"], raw.root.as_slice())?;
        self.refuse_bad_budgets()?;
        self.hours(&Flags::default())?;
        ports(lines, raw.ports)?;
        author(lines, &raw.author)?;
        globs(lines, &["gate", "protect"], raw.gate.protect.as_deref())?;
        globs(lines, &["test_globs"], raw.test_globs.as_deref())
    }

    fn refuse_bad_forge(&self, host: &str, forge: &ForgeText) -> Result<(), ConfigError> {
        let lines = &self.lines;
        for (key, value) in [("api", &forge.api), ("graphql", &forge.graphql), ("git", &forge.git)] {
            url(lines, &["forge", host, key], value.as_deref())?;
        }
        for (key, name) in
            [("token", &forge.token), ("webhook_secret", &forge.webhook_secret), ("app_key", &forge.app_key)]
        {
            variables(lines, &["forge", host, key], name.as_slice())?;
        }
        for (key, path) in
            [("webhook_secret_file", &forge.webhook_secret_file), ("app_key_file", &forge.app_key_file)]
        {
            paths(lines, &["forge", host, key], path.as_slice())?;
        }
        words(lines, &["forge", host], [("app", &forge.app)])?;
        self.refuse_half_app(host, forge)?;
        percent(lines, &["forge", host, "share"], forge.share)
    }

    /// An app is a name, an installation and a key, or nothing.
    fn refuse_half_app(&self, host: &str, forge: &ForgeText) -> Result<(), ConfigError> {
        let keys = [&forge.app_key, &forge.app_key_file].into_iter().flatten().count();
        let bad = |key: &str, why: &str| Err(self.lines.bad_value(&["forge", host, key], why));
        if forge.webhook_secret.is_some() && forge.webhook_secret_file.is_some() {
            return bad("webhook_secret_file", "the secret is in a variable or in a file, not in both");
        }
        match (forge.app.is_some(), forge.installation.is_some(), keys) {
            (false, false, 0) | (true, true, 1) => Ok(()),
            (true, _, 2) => bad("app_key_file", "the key is in a variable or in a file, not in both"),
            (true, false, _) => bad("app", "an app needs the number of its installation beside it"),
            (true, true, _) => bad("app", "an app needs app_key or app_key_file beside it"),
            (false, true, _) => bad("installation", "it is an app's: it needs app beside it"),
            (false, false, _) if forge.app_key.is_some() => bad("app_key", "it needs app beside it"),
            (false, false, _) => bad("app_key_file", "it needs app beside it"),
        }
    }

    fn refuse_bad_agent(&self, name: &str, agent: &AgentText) -> Result<(), ConfigError> {
        let lines = &self.lines;
        words(lines, &["agents", name], [("model", &agent.model), ("summarizer", &agent.summarizer)])?;
        url(lines, &["agents", name, "base_url"], agent.base_url.as_deref())?;
        variables(lines, &["agents", name, "credential"], agent.credential.as_slice())?;
        globs(lines, &["agents", name, "models_allowed"], agent.models_allowed.as_deref())
    }
}

impl RepositoryConfig {
    /// A repository that says nothing.
    pub fn empty() -> Self {
        Self { raw: RepositoryText::default(), lines: Lines::none(Owner::Repository) }
    }

    /// Reads the text of `.ralph/config.toml`, as the base branch has it.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let (raw, lines) = document::read::<RepositoryText>(Owner::Repository, text)?;
        words(&lines, &[], [("agent", &raw.agent), ("model", &raw.model)])?;
        dollars(&lines, &["budget", "usd"], raw.budget.usd)?;
        globs(&lines, &["gate", "protect"], raw.gate.protect.as_deref())?;
        globs(&lines, &["test_globs"], raw.test_globs.as_deref())?;
        programs(&lines, raw.heavy.as_deref())?;
        let setup = &raw.setup;
        let lists =
            [("key", &setup.key), ("keep", &setup.keep), ("files", &setup.files), ("seed", &setup.seed)];
        for (key, paths) in lists {
            inside(&lines, &["setup", key], paths)?;
        }
        ports(&lines, raw.ports)?;
        Ok(Self { raw, lines })
    }
}
