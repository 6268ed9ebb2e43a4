//! The two files: the user's and the repository's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use globset::Glob;
use herder_domain::agent::Reasoning;
use herder_domain::duration::Span;
use herder_domain::repo::RepoId;
use herder_domain::setup::AgentKind;
use serde::{Deserialize, Deserializer};

use crate::document::{self, Lines, Owner};
use crate::error::ConfigError;

/// The user's `config.toml`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct UserConfig {
    pub(crate) raw: UserText,
    pub(crate) lines: Lines,
    file: PathBuf,
}

/// A repository's `.ralph/config.toml`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryConfig {
    pub(crate) raw: RepositoryText,
    pub(crate) lines: Lines,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct UserText {
    pub max: Option<NonZeroUsize>,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub reasoning: Option<Reasoning>,
    pub duration: Option<Span>,
    pub budget: BudgetText,
    pub ceilings: CeilingsText,
    pub agents: BTreeMap<String, AgentText>,
    pub root: Option<String>,
    pub author: AuthorText,
    pub backoff: BackoffText,
    pub timeouts: TimeoutsText,
    pub notify: NotifyText,
    pub redact: RedactText,
    pub sandbox: SandboxText,
    pub gate: GateText,
    pub test_globs: Option<Vec<String>>,
    pub repo: BTreeMap<String, RepoText>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RepositoryText {
    pub agent: Option<String>,
    pub model: Option<String>,
    pub reasoning: Option<Reasoning>,
    pub duration: Option<Span>,
    pub budget: BudgetText,
    pub timeouts: TimeoutsText,
    pub gate: GateText,
    pub test_globs: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BudgetText {
    pub iterations: Option<NonZeroU32>,
    pub tokens: Option<NonZeroU64>,
    pub usd: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct CeilingsText {
    pub duration: Option<Span>,
    pub iterations: Option<NonZeroU32>,
    pub tokens: Option<NonZeroU64>,
    pub usd: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct AgentText {
    pub kind: Option<AgentKind>,
    pub program: Option<PathBuf>,
    pub args: Vec<String>,
    pub base_url: Option<String>,
    pub credential: Option<String>,
    pub model: Option<String>,
    pub models_allowed: Option<Vec<String>>,
    pub summarizer: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct AuthorText {
    pub name: Option<String>,
    pub email: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BackoffText {
    pub first: Option<Span>,
    pub longest: Option<Span>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct TimeoutsText {
    pub silence: Option<Span>,
    pub tool: Option<Span>,
    pub iteration: Option<Span>,
    pub gate: Option<Span>,
    pub wait: Option<Span>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct NotifyText {
    pub command: Vec<String>,
    pub post_url: Option<String>,
    pub post_token_env: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RedactText {
    pub env: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct SandboxText {
    pub read: Vec<String>,
    pub write: Vec<String>,
    pub env: Vec<String>,
}

/// The only word that `gate` and `gate.check` take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GateWord {
    None,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GateText {
    pub check: Option<GateWord>,
    pub protect: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct RepoText {
    pub base: Option<String>,
    pub max: Option<NonZeroUsize>,
    pub agent: Option<String>,
    pub model: Option<String>,
    pub reasoning: Option<Reasoning>,
    pub duration: Option<Span>,
    pub budget: BudgetText,
}

impl<'de> Deserialize<'de> for GateText {
    /// Takes `gate = "none"` and the table `[gate]`.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Table {
            check: Option<GateWord>,
            protect: Option<Vec<String>>,
        }
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = GateText;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"none\" or a table")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<GateText, E> {
                let check = GateWord::deserialize(serde::de::value::StrDeserializer::new(word))?;
                Ok(GateText { check: Some(check), protect: None })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<GateText, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(GateText { check: table.check, protect: table.protect })
            }
        }
        from.deserialize_any(Either)
    }
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
        Self { raw: UserText::default(), lines: Lines::none(Owner::User(file.clone())), file }
    }

    /// Reads the text of a file.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let (raw, lines) = document::read::<UserText>(Owner::User(file.into()), text)?;
        let config = Self { raw, lines, file: file.into() };
        config.refuse_bad_values()?;
        Ok(config)
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
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
            dollars(lines, &["repo", name, "budget", "usd"], table.budget.usd)?;
        }
        url(lines, &["notify", "post_url"], raw.notify.post_url.as_deref())?;
        variables(lines, &["notify", "post_token_env"], raw.notify.post_token_env.as_slice())?;
        variables(lines, &["redact", "env"], &raw.redact.env)?;
        variables(lines, &["sandbox", "env"], &raw.sandbox.env)?;
        paths(lines, &["sandbox", "read"], &raw.sandbox.read)?;
        paths(lines, &["sandbox", "write"], &raw.sandbox.write)?;
        paths(lines, &["root"], raw.root.as_slice())?;
        author(lines, &raw.author)?;
        globs(lines, &["gate", "protect"], raw.gate.protect.as_deref())?;
        globs(lines, &["test_globs"], raw.test_globs.as_deref())
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
        Ok(Self { raw, lines })
    }
}

/// Names go into argument lists: they have no spaces and do not look like an option.
fn words<'v>(
    lines: &Lines,
    parents: &[&str],
    values: impl IntoIterator<Item = (&'v str, &'v Option<String>)>,
) -> Result<(), ConfigError> {
    for (key, value) in values {
        let Some(word) = value else { continue };
        if word.is_empty()
            || word.starts_with('-')
            || word.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err(lines.bad_value(&[parents, &[key]].concat(), format!("{word:?} is not a name")));
        }
    }
    Ok(())
}

fn dollars(lines: &Lines, key: &[&str], value: Option<f64>) -> Result<(), ConfigError> {
    match value {
        Some(usd) if !usd.is_finite() || usd <= 0.0 => {
            Err(lines.bad_value(key, format!("{usd} is not an amount to spend")))
        }
        Some(_) | None => Ok(()),
    }
}

fn url(lines: &Lines, key: &[&str], value: Option<&str>) -> Result<(), ConfigError> {
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    match value {
        Some(text) if !is_url(text) => Err(lines.bad_value(key, format!("{text:?} is not a URL"))),
        Some(_) | None => Ok(()),
    }
}

/// The value is not repeated in the error: somebody may have put the secret itself there.
fn variables(lines: &Lines, key: &[&str], names: &[String]) -> Result<(), ConfigError> {
    let is_name = |name: &String| {
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if names.iter().all(is_name) {
        return Ok(());
    }
    Err(lines.bad_value(key, "that is not the name of a variable"))
}

fn paths(lines: &Lines, key: &[&str], paths: &[String]) -> Result<(), ConfigError> {
    match paths.iter().find(|path| !path.starts_with('/') && !path.starts_with("~/")) {
        Some(path) => Err(lines.bad_value(key, format!("{path:?} depends on the current directory"))),
        None => Ok(()),
    }
}

fn globs(lines: &Lines, key: &[&str], globs: Option<&[String]>) -> Result<(), ConfigError> {
    match globs.unwrap_or_default().iter().find_map(|glob| Glob::new(glob).err()) {
        Some(error) => Err(lines.bad_value(key, error.to_string())),
        None => Ok(()),
    }
}

/// What git refuses, or would read as something else, in an author line.
fn author(lines: &Lines, author: &AuthorText) -> Result<(), ConfigError> {
    for (key, value) in [("name", &author.name), ("email", &author.email)] {
        let Some(text) = value else { continue };
        if text.trim().is_empty() || text.contains(|c: char| matches!(c, '<' | '>') || c.is_control()) {
            return Err(lines.bad_value(&["author", key], format!("{text:?} cannot stand in a commit")));
        }
    }
    Ok(())
}
