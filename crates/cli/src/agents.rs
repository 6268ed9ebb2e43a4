//! From an agent as it is configured to its adapter.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use herder_agent::{Agent, AgentError, Entry, Kind, OWN_PROGRAM, Registry, replay};
use herder_domain::setup::{AgentKind, AgentSetup};

/// This program's own file, for people and links.
pub fn own_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"))
}

/// The adapter of a configured agent.
pub fn adapter(name: &str, setup: &AgentSetup) -> Result<Arc<dyn Agent>, AgentError> {
    let own = PathBuf::from(OWN_PROGRAM);
    let entry = entry(name, setup, &own);
    Registry::new(own, [entry])?.agent(name)
}

fn entry(name: &str, setup: &AgentSetup, own: &Path) -> Entry {
    Entry {
        command: command(setup, own),
        credential: setup.credential.clone(),
        base_url: setup.base_url.clone(),
        summarizer: setup.summarizer.clone(),
        ..Entry::new(name, kind(setup.kind))
    }
}

fn kind(kind: AgentKind) -> Kind {
    match kind {
        AgentKind::Claude => Kind::Claude,
        AgentKind::Command => Kind::Command,
        AgentKind::Replay => Kind::Replay,
    }
}

/// The program with its first arguments; nothing where the kind's own is to be used.
fn command(setup: &AgentSetup, own: &Path) -> Vec<String> {
    let usual = match setup.kind {
        AgentKind::Claude => vec!["claude".to_owned()],
        AgentKind::Replay => vec![own.display().to_string(), replay::COMMAND.to_owned()],
        AgentKind::Command => Vec::new(),
    };
    let command = match &setup.program {
        Some(program) => vec![program.display().to_string()],
        None => usual,
    };
    command.into_iter().chain(setup.args.iter().cloned()).collect()
}
