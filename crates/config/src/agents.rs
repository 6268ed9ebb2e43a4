//! The agents that there are, and what each is unless somebody says otherwise.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::num::NonZeroU64;

use globset::Glob;
use herder_domain::setup::{AgentKind, AgentSetup};

use crate::error::{ConfigError, nearest};
use crate::file::UserConfig;
use crate::settings::expanded;
use crate::source::Sourced;
use crate::text::AgentText;

/// Agents that need no table.
const BUILT_IN: [(&str, AgentKind); 2] = [("claude", AgentKind::Claude), ("replay", AgentKind::Replay)];

/// The agent where nobody says another.
pub(crate) const DEFAULT: &str = "claude";

/// The variables in which Claude Code looks for its credential, the first that is set wins.
/// Source: Claude Code's documentation, "Environment variables".
const CLAUDE_CREDENTIALS: [&str; 2] = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"];

impl UserConfig {
    /// The names of all agents.
    pub fn agents(&self) -> BTreeSet<&str> {
        BUILT_IN.iter().map(|(name, _)| *name).chain(self.raw.agents.keys().map(String::as_str)).collect()
    }

    /// An agent as it is configured; `env` looks a variable up (for `~/`).
    ///
    /// # Errors
    /// There is no such agent, it lacks its kind or program, or there is no home directory for its `~/`.
    pub fn agent(
        &self,
        name: &Sourced<String>,
        env: &impl Fn(&str) -> Option<OsString>,
    ) -> Result<AgentSetup, ConfigError> {
        let table = self.raw.agents.get(name.as_str());
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name.as_str()).map(|(_, kind)| *kind);
        if table.is_none() && built_in.is_none() {
            return Err(self.unknown_agent(name));
        }
        let empty = AgentText::default();
        let table = table.unwrap_or(&empty);
        let kind = table
            .kind
            .or(built_in)
            .ok_or_else(|| ConfigError::AgentWithoutKind { agent: name.value.clone() })?;
        if kind == AgentKind::Command && table.program.is_none() {
            return Err(ConfigError::AgentWithoutProgram { agent: name.value.clone() });
        }
        Ok(AgentSetup {
            kind,
            program: table.program.as_deref().map(|program| expanded(program, env)).transpose()?,
            args: table.args.clone(),
            base_url: table.base_url.clone(),
            credential: table.credential.clone(),
            summarizer: summarizer(kind, table.summarizer.as_deref()),
            context_window: table.context_window.map(NonZeroU64::get),
        })
    }

    fn unknown_agent(&self, name: &Sourced<String>) -> ConfigError {
        let known = self.agents();
        ConfigError::UnknownAgent {
            agent: name.value.clone(),
            by: name.source.clone(),
            near: nearest(name, known.iter().copied()),
            known: known.into_iter().collect::<Vec<_>>().join(", "),
        }
    }

    /// The agent's model where nobody says one.
    pub(crate) fn own_model(&self, agent: &str, kind: AgentKind) -> Sourced<String> {
        let key = ["agents", agent, "model"];
        match self.raw.agents.get(agent).and_then(|table| table.model.clone()) {
            Some(model) => Sourced::new(model, self.lines.source(&key)),
            None => Sourced::by_default(default_model(kind).to_owned()),
        }
    }

    /// Refuses a model that may not be asked for.
    pub(crate) fn allow_model(&self, agent: &str, model: &Sourced<String>) -> Result<(), ConfigError> {
        let table = self.raw.agents.get(agent);
        let Some(allowed) = table.and_then(|table| table.models_allowed.as_ref()) else { return Ok(()) };
        let matches =
            |glob: &String| Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(&model.value));
        if allowed.iter().any(matches) {
            return Ok(());
        }
        Err(ConfigError::ModelNotAllowed {
            model: model.value.clone(),
            by: model.source.clone(),
            agent: agent.to_owned(),
            allowed: allowed.join(", "),
        })
    }
}

fn default_model(kind: AgentKind) -> &'static str {
    match kind {
        AgentKind::Claude => "sonnet",
        AgentKind::Command | AgentKind::Replay => "default",
    }
}

fn summarizer(kind: AgentKind, said: Option<&str>) -> Option<String> {
    match (said, kind) {
        (Some("none"), _) => None,
        (Some(model), _) => Some(model.to_owned()),
        (None, AgentKind::Claude) => Some("haiku".to_owned()),
        (None, AgentKind::Command | AgentKind::Replay) => None,
    }
}

/// The name of the variable that holds the agent's credential, if it needs one; `env` looks a variable
/// up.
///
/// # Errors
/// It needs one and the variable is not set.
pub fn credential(
    agent: &AgentSetup,
    env: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, ConfigError> {
    let is_set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    match (&agent.credential, agent.kind) {
        (Some(name), _) if is_set(name) => Ok(Some(name.clone())),
        (Some(name), _) => Err(ConfigError::NoCredential { advice: format!("set {name}") }),
        (None, AgentKind::Claude) => match CLAUDE_CREDENTIALS.into_iter().find(|name| is_set(name)) {
            Some(name) => Ok(Some(name.to_owned())),
            None => Err(ConfigError::NoCredential {
                advice: "run `claude setup-token` and set CLAUDE_CODE_OAUTH_TOKEN, or set ANTHROPIC_API_KEY"
                    .into(),
            }),
        },
        (None, AgentKind::Command | AgentKind::Replay) => Ok(None),
    }
}
