//! The reference of all commands, as Markdown.

use clap::{Arg, Command};

use crate::args::definition;
use crate::failure::Kind;
use crate::names::NAMES;

const HEAD: &str = "# Commands

<!-- Made by `cargo xtask gen` from the definitions in crates/cli/src/args; do not edit. -->

What can be typed. `herder help COMMAND` says the same, `herder man DIR` writes it as manual pages, and
`herder completions SHELL` teaches it to a shell.
";

/// The whole page.
pub fn page() -> String {
    let herder = definition();
    let mut page = format!("{HEAD}\n## For every command\n\n{}", table(herder.get_arguments()));
    for command in herder.get_subcommands().filter(|command| is_shown(command)) {
        section(&mut page, command, &format!("herder {}", command.get_name()));
    }
    page.push_str(&exit_codes());
    page.push_str(&names());
    page
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn section(page: &mut String, command: &Command, name: &str) {
    let below: Vec<&Command> = command.get_subcommands().filter(|command| is_shown(command)).collect();
    if below.is_empty() {
        page.push_str(&format!("\n## `{name}`\n\n{}\n\n```text\n{}\n```\n", about(command), usage(command)));
        let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_global_set()).collect();
        let table = table(own);
        if !table.is_empty() {
            page.push_str(&format!("\n{table}"));
        }
    }
    for command in below {
        section(page, command, &format!("{name} {}", command.get_name()));
    }
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about());
    format!("{}.", about.map(ToString::to_string).unwrap_or_default().trim_end_matches('.'))
}

fn usage(command: &Command) -> String {
    let text = command.clone().render_usage().to_string();
    text.lines().map(|line| line.trim_start_matches("Usage: ").trim()).collect::<Vec<_>>().join("\n")
}

/// A table of arguments; empty where there is none to be shown.
fn table<'a>(args: impl IntoIterator<Item = &'a Arg>) -> String {
    let shown = args.into_iter().filter(|arg| !arg.is_hide_set() && !is_help(arg));
    let rows: Vec<String> = shown.map(row).collect();
    match rows.is_empty() {
        true => String::new(),
        false => format!("| argument | meaning |\n|---|---|\n{}", rows.concat()),
    }
}

fn is_help(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

fn row(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let mut meaning = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let takes_value = arg.get_action().takes_values();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| takes_value && !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() {
        meaning.push_str(&format!(": {}", values.join(", ")));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if takes_value && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        meaning.push_str(&format!(" [default: {}]", defaults.join(", ")));
    }
    let is_needed = if arg.is_required_set() { " (needed)" } else { "" };
    format!("| {short}`{}` | {}{is_needed} |\n", cell(&arg.to_string()), cell(&meaning))
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn exit_codes() -> String {
    let mut text =
        "\n## Exit codes\n\n| code | kind | meaning |\n|---|---|---|\n| 0 | | It went well. |\n".to_owned();
    for kind in Kind::ALL {
        text.push_str(&format!("| {} | `{}` | {} |\n", kind.exit_code(), kind.word(), kind.meaning()));
    }
    text
}

fn names() -> String {
    let mut text = "\n## The names of the journal\n\n`herder install-links` makes links with these names. Called by one \
                    of them, herder is the command\nbeside it, and prints JSON to programs.\n\n| name | command |\n|---|---|\n"
        .to_owned();
    for name in &NAMES {
        text.push_str(&format!("| `{}` | `{}` |\n", name.name, name.stands_for()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_left_out_and_all_else_is_there() {
        let page = page();
        assert!(page.contains("\n## `herder goal create`\n") && page.contains("\n## `herder up`\n"));
        for absent in ["spot-check`\n", "`--run <DIR>`", "`herder help`"] {
            assert!(!page.contains(absent), "{absent}");
        }
        assert!(page.contains(
            "| `<PATH\\|URL\\|OWNER/NAME>` | A directory, an address, or OWNER/NAME on GitHub (needed) |"
        ));
        assert!(page.contains("| `-f`, `--follow` |"));
        assert!(page.contains("| 70 | `internal` |"));
        assert!(page.contains("| `goal-get` | `herder goal show` |"));
    }
}
