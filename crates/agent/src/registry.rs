//! The agents by name: the built-in ones and the configured ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::claude::Claude;
use crate::command::Command;
use crate::replay::Replay;
use crate::{Agent, AgentError};

/// What a configured agent is an instance of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Claude Code.
    Claude,
    /// Any program that reads the prompt and prints the answer.
    Command,
    /// The player of scripted sessions.
    Replay,
}

/// One agent of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is an instance of.
    pub kind: Kind,
    /// The program and its first arguments; empty for the kind's own.
    pub command: Vec<String>,
    /// The environment variable with its credential; nothing for the kind's own.
    pub credential: Option<String>,
    /// Where its provider is asked; nothing for the agent's own place.
    pub base_url: Option<String>,
    /// The model that folds progress; nothing for the kind's own.
    pub summarizer: Option<String>,
    /// Variables that it gets beside the allow-listed ones.
    pub env: BTreeMap<String, String>,
    /// What a sandbox must let it read beside its program.
    pub read: Vec<PathBuf>,
}

impl Entry {
    /// An entry with nothing but its kind's defaults.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            command: Vec::new(),
            credential: None,
            base_url: None,
            summarizer: None,
            env: BTreeMap::new(),
            read: Vec::new(),
        }
    }
}

/// The known agents.
#[derive(Debug)]
pub struct Registry {
    agents: BTreeMap<String, Arc<dyn Agent>>,
}

impl Registry {
    /// `claude`, `replay` and the configured ones; an entry with the name of a built-in one replaces it.
    /// `own` is this program's own file, which plays scripted sessions when called `replay-agent`.
    ///
    /// # Errors
    /// [`AgentError::DuplicateAgent`], [`AgentError::NoCommand`].
    pub fn new(own: PathBuf, entries: impl IntoIterator<Item = Entry>) -> Result<Self, AgentError> {
        let mut agents = BTreeMap::new();
        for entry in entries {
            let name = entry.name.clone();
            if agents.insert(name.clone(), instance(entry, &own)?).is_some() {
                return Err(AgentError::DuplicateAgent { name });
            }
        }
        for (name, kind) in [("claude", Kind::Claude), ("replay", Kind::Replay)] {
            if !agents.contains_key(name) {
                agents.insert(name.to_owned(), instance(Entry::new(name, kind), &own)?);
            }
        }
        Ok(Self { agents })
    }

    /// The agent of a name. A `command` agent also answers to `command:<name>`.
    ///
    /// # Errors
    /// [`AgentError::UnknownAgent`] with the known names.
    pub fn agent(&self, name: &str) -> Result<Arc<dyn Agent>, AgentError> {
        let key = name.strip_prefix("command:").unwrap_or(name);
        self.agents.get(key).cloned().ok_or_else(|| AgentError::UnknownAgent {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// The known names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.agents.keys().map(String::as_str)
    }
}

fn instance(entry: Entry, own: &std::path::Path) -> Result<Arc<dyn Agent>, AgentError> {
    Ok(match entry.kind {
        Kind::Claude => Arc::new(Claude::new(entry)),
        Kind::Command => Arc::new(Command::new(entry)?),
        Kind::Replay => Arc::new(Replay::new(entry, own)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str) -> Entry {
        Entry { command: vec!["my-agent".into()], ..Entry::new(name, Kind::Command) }
    }

    #[test]
    fn agents_are_known_by_name_and_an_unknown_name_lists_them() {
        let registry = Registry::new("/bin/herder".into(), [command("mine")]).unwrap();
        assert_eq!(registry.names().collect::<Vec<_>>(), ["claude", "mine", "replay"]);
        for (asked, name) in [("claude", "claude"), ("mine", "mine"), ("command:mine", "mine")] {
            assert_eq!(registry.agent(asked).unwrap().name(), name);
        }
        let error = registry.agent("clod").unwrap_err().to_string();
        assert_eq!(error, "no agent is called \"clod\"; known are claude, mine, replay");
    }

    #[test]
    fn a_wrong_entry_is_refused_by_name() {
        let twice = Registry::new("/bin/herder".into(), [command("mine"), command("mine")]);
        assert!(matches!(twice, Err(AgentError::DuplicateAgent { name }) if name == "mine"));
        let empty = Registry::new("/bin/herder".into(), [Entry::new("mine", Kind::Command)]);
        assert!(matches!(empty, Err(AgentError::NoCommand { name }) if name == "mine"));
    }

    #[test]
    fn a_configured_claude_replaces_the_built_in_one() {
        let entry = Entry { summarizer: Some("small".into()), ..Entry::new("claude", Kind::Claude) };
        let registry = Registry::new("/bin/herder".into(), [entry]).unwrap();
        assert_eq!(registry.agent("claude").unwrap().summarizer(), Some("small"));
        assert_eq!(registry.agent("replay").unwrap().summarizer(), None);
    }
}
