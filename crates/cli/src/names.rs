//! The names of the journal: called by one of them, herder is the command that it stands for.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::Path;

/// A name and the command it stands for.
pub struct Name {
    /// What the link is called.
    pub name: &'static str,
    /// The words of herder's command.
    command: &'static [&'static str],
    /// Whether it prints JSON, whoever reads.
    prints: Prints,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Prints {
    /// JSON always: it is made for programs.
    Json,
    /// JSON, unless a person sits before it.
    JsonForPrograms,
}

const fn name(name: &'static str, command: &'static [&'static str], prints: Prints) -> Name {
    Name { name, command, prints }
}

impl Name {
    /// The command it stands for, as it is typed.
    pub fn stands_for(&self) -> String {
        format!("herder {}", self.command.join(" "))
    }
}

/// All names.
pub const NAMES: [Name; 17] = [
    name("orchestrator", &["up"], Prints::JsonForPrograms),
    name("goal-create", &["goal", "create"], Prints::Json),
    name("goal-queue", &["goal", "queue"], Prints::Json),
    name("goal-list", &["goal", "list"], Prints::Json),
    name("goal-get", &["goal", "show"], Prints::Json),
    name("goal-comment", &["goal", "comment"], Prints::Json),
    name("goal-approve", &["goal", "approve"], Prints::Json),
    name("goal-spot-check", &["goal", "spot-check"], Prints::Json),
    name("goal-reject", &["goal", "reject"], Prints::Json),
    name("goal-retry", &["goal", "retry"], Prints::Json),
    name("goal-cancel", &["goal", "cancel"], Prints::Json),
    name("story-create", &["story", "create"], Prints::Json),
    name("story-list", &["story", "list"], Prints::Json),
    name("story-get", &["story", "show"], Prints::Json),
    name("watch-ralphs", &["watch"], Prints::JsonForPrograms),
    name("ralph", &["ralph"], Prints::JsonForPrograms),
    name("ralph-stats", &["stats"], Prints::Json),
];

/// The arguments as herder's own, whatever name it was called by.
pub fn as_herder(argv: Vec<OsString>) -> Vec<OsString> {
    let called = argv.first().map(Path::new).and_then(Path::file_name);
    let Some(name) = NAMES.iter().find(|name| called == Some(OsStr::new(name.name))) else { return argv };
    let prints_json = match name.prints {
        Prints::Json => true,
        Prints::JsonForPrograms => !std::io::stdout().is_terminal(),
    };
    let json = prints_json.then_some("--json");
    let words = ["herder"].iter().chain(name.command).copied().chain(json).map(OsString::from);
    words.chain(argv.into_iter().skip(1)).collect()
}

/// Whether the arguments ask for JSON; for those that cannot be understood.
pub fn asks_for_json(argv: &[OsString]) -> bool {
    argv.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(words: &[&str]) -> Vec<String> {
        let argv = words.iter().map(OsString::from).collect();
        as_herder(argv).into_iter().map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn a_name_is_the_command_it_stands_for() {
        assert_eq!(rewritten(&["/usr/local/bin/goal-get", "7"]), ["herder", "goal", "show", "--json", "7"]);
        assert_eq!(rewritten(&["target/herder", "goal", "list"]), ["target/herder", "goal", "list"]);
        assert_eq!(rewritten(&["exe"]), ["exe"]);
    }

    #[test]
    fn what_stands_behind_two_dashes_asks_for_nothing() {
        let asks = |words: &[&str]| asks_for_json(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(asks(&["herder", "goal", "list", "--json"]));
        assert!(!asks(&["herder", "goal", "reject", "--", "--json"]));
    }
}
