//! The two pages that every newcomer opens: README.md and ARCHITECTURE.md.

use toml::{Table, Value};

use super::tree::Tree;
use super::violation::Violation;

const README: &str = "README.md";
const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// What a newcomer types first: see it work, then see that it is sound.
const FIRST_COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo xtask test"];

/// The manifest that makes the first command start the right program: there is more than one here.
const PROGRAM: &str = "crates/cli/Cargo.toml";

/// Checks that both pages are there and say what they must, and that the first command can be true.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    match tree.text(README) {
        Some(text) => violations.extend(check_readme(text)),
        None => violations.push(Violation::new(README, 1, "the project has a README.md")),
    }
    match tree.text(ARCHITECTURE) {
        Some(text) => violations.extend(tree.crates().filter_map(|(name, _)| check_entry(text, name))),
        None => violations.push(Violation::new(ARCHITECTURE, 1, "the project has an ARCHITECTURE.md")),
    }
    violations.extend(tree.text(PROGRAM).and_then(check_program));
    violations
}

/// Without `default-run`, `cargo run` refuses to choose between `herder` and `xtask`.
fn check_program(manifest: &str) -> Option<Violation> {
    let manifest: Table = toml::from_str(manifest).unwrap_or_default();
    let program = manifest.get("package").and_then(|package| package.get("default-run"));
    (program.and_then(Value::as_str) != Some("herder")).then(|| {
        let sentence = "`default-run = \"herder\"` makes `cargo run` start it, as README.md says";
        Violation::new(PROGRAM, 1, sentence)
    })
}

fn check_readme(text: &str) -> Option<Violation> {
    let commands = fenced_commands(text);
    let first: Vec<&str> = commands.iter().take(2).map(|(_, command)| *command).collect();
    (first != FIRST_COMMANDS).then(|| {
        let line = commands.first().map_or(1, |(line, _)| *line);
        let wanted = FIRST_COMMANDS.join("` and `");
        Violation::new(README, line, format!("the first two fenced commands are `{wanted}`"))
    })
}

/// The commands in fenced blocks with their lines: without prompts, remarks and empty lines.
fn fenced_commands(text: &str) -> Vec<(usize, &str)> {
    let mut is_inside = false;
    let mut commands = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            is_inside = !is_inside;
        } else if is_inside {
            let command = line.trim_start_matches("$ ");
            let command = command.split(" #").next().unwrap_or(command).trim();
            if !command.is_empty() && !command.starts_with('#') {
                commands.push((index + 1, command));
            }
        }
    }
    commands
}

/// A crate has a heading that names it, and below it, before the next heading, its invariant.
fn check_entry(text: &str, name: &str) -> Option<Violation> {
    let quoted = format!("`{name}`");
    let path = format!("`crates/{name}`");
    let lines: Vec<&str> = text.lines().collect();
    let heading = lines
        .iter()
        .position(|line| line.starts_with('#') && (line.contains(&quoted) || line.contains(&path)));
    let Some(heading) = heading else {
        let sentence = format!("the crate `{name}` has a heading of its own here");
        return Some(Violation::new(ARCHITECTURE, 1, sentence));
    };
    let entry = lines[heading + 1..].iter().take_while(|line| !line.starts_with('#'));
    let has_invariant = entry.into_iter().any(|line| line.contains("**Invariant"));
    (!has_invariant).then(|| {
        let sentence = format!("the entry of `{name}` states its **Invariant**: what is not in it");
        Violation::new(ARCHITECTURE, heading + 1, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_commands_come_first_in_the_readme() {
        let good = "# herder\n```sh\n$ cargo run --release -- demo   # two minutes\n```\nthen\n```sh\ncargo xtask test\n```\n";
        assert_eq!(check_readme(good), None);
        let bad = "# herder\n```sh\ncargo install herder\n```\n";
        assert_eq!(check_readme(bad).unwrap().line, 3);
        assert!(check_readme("# herder\n").is_some());
    }

    #[test]
    fn every_crate_has_an_entry_with_its_invariant() {
        let text = "# Map\n## `crates/store`\nSQL.\n\n**Invariant:** decides nothing.\n## `gate`\nRuns.\n";
        assert_eq!(check_entry(text, "store"), None);
        assert!(check_entry(text, "gate").unwrap().sentence.contains("Invariant"));
        assert!(check_entry(text, "ralph").unwrap().sentence.contains("heading"));
    }

    #[test]
    fn cargo_run_starts_herder() {
        assert_eq!(check_program("[package]\ndefault-run = \"herder\"\n"), None);
        assert!(check_program("[package]\nname = \"herder\"\n").is_some());
    }

    #[test]
    fn missing_pages_are_found() {
        let found = check(&Tree::of(&[]));
        assert_eq!(found.len(), 2);
    }
}
