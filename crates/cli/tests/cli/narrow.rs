//! On a terminal of 80 columns: no line is longer, and nothing is cut off. And colours only where they are wanted.

use std::process::{Command, Stdio};

use crate::scene::{GOAL, HERDER, Said, Scene, feed};

const COLUMNS: usize = 80;

/// Longer than a line.
const TITLE: &str =
    "Teach the importer to read the older of the two formats without losing a single row on the way";

/// What a command prints on a terminal of 80 columns. `script` of util-linux makes one.
fn at_terminal(scene: &Scene, args: &str) -> String {
    at_terminal_with(scene, "", args)
}

/// The same with further variables, as one gives them to env(1).
fn at_terminal_with(scene: &Scene, variables: &str, args: &str) -> String {
    let mut script = scene.home.herder("script");
    let command = format!("stty cols {COLUMNS} rows 24; env {variables} {HERDER} {args}");
    script.args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"]);
    script.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    String::from_utf8(script.output().unwrap().stdout).unwrap().replace("\r\n", "\n")
}

/// A path or an address is to be copied: it stays whole, on a line of its own.
fn is_one_word(line: &str) -> bool {
    !line.trim().contains(' ')
}

#[track_caller]
fn assert_fits(scene: &Scene, args: &str) {
    let text = at_terminal(scene, args);
    assert!(!text.trim().is_empty(), "{args}");
    let long = text.lines().find(|line| line.chars().count() > COLUMNS && !is_one_word(line));
    assert_eq!(long, None, "{args}: {text}");
}

#[test]
fn lists_and_views_fit_into_80_columns_and_lose_nothing() {
    let scene = Scene::new();
    scene.second("acme/a-repository-with-quite-a-long-name-for-its-purpose");
    scene.ok(&["story", "create", "--title", TITLE, "--repo", "acme/app"]);
    scene.goal_of(GOAL, TITLE, &["--story", "1", "--repo", "acme/app"]);
    scene.goal_of(GOAL, "Short", &["--depends", "2", "--queue", "--repo", "acme/app"]);
    for args in [
        "repo list",
        "goal list --repo acme/app",
        "goal show 2",
        "story list --repo acme/app",
        "story show 1",
        "why 3",
        "stats",
        "doctor",
        "config explain",
        "config explain duration",
        "watch --once",
        "gate",
        "gc --dry-run",
        "service status",
        "goal lint 2",
        "salvage 2",
        "take 3 --print",
        "goal show 99",
        "backup /nowhere/at/all/backup.tar.gz",
    ] {
        assert_fits(&scene, args);
    }
    for args in ["goal list --repo acme/app", "goal show 2", "story list --repo acme/app", "story show 1"] {
        let text = at_terminal(&scene, args);
        let missing = TITLE.split(' ').find(|word| !text.contains(word));
        assert_eq!(missing, None, "{args}: {text}");
    }
    // Whoever reads by program gets whole lines.
    assert!(scene.ok(&["goal", "list", "--repo", "acme/app"]).contains(TITLE));
}

/// Every command with all that stands below it, as its own help lists them.
fn commands(scene: &Scene, above: &str) -> Vec<String> {
    let help = scene.ok(&above.split_whitespace().chain(["--help"]).collect::<Vec<_>>());
    let listed = help.lines().skip_while(|line| !line.ends_with("Commands:")).skip(1);
    let listed = listed.take_while(|line| !line.ends_with("Options:"));
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let found = names.map(|name| format!("{above} {name}").trim().to_owned());
    found.flat_map(|name| [vec![name.clone()], commands(scene, &name)].concat()).collect()
}

#[test]
fn the_help_of_every_command_fits_into_80_columns() {
    let scene = Scene::bare();
    let all = [vec![String::new()], commands(&scene, "")].concat();
    for known in ["goal new", "goal lint", "gate", "gc", "service install", "salvage", "undo"] {
        assert!(all.iter().any(|name| name == known), "{known}: {all:?}");
    }
    for name in all {
        assert_fits(&scene, &format!("{name} --help"));
    }
}

fn refused(scene: &Scene, args: &[&str], env: &[(&str, &str)]) -> Said {
    let mut command: Command = scene.command(&[&["goal", "show", "99"], args].concat());
    command.envs(env.iter().copied());
    feed(command, b"")
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let scene = Scene::new();
    let is_coloured = |args: &[&str], env: &[(&str, &str)]| {
        let said = refused(&scene, args, env);
        assert!(said.err.contains("hint") || said.out.contains("\"hints\""), "{said:?}");
        format!("{}{}", said.out, said.err).contains('\u{1b}')
    };
    assert!(!is_coloured(&[], &[]), "no terminal");
    assert!(is_coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(is_coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!is_coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&["--json"], &[("CLICOLOR_FORCE", "1")]));
    let at = |variables: &str| at_terminal_with(&scene, variables, "goal show 99").contains("\u{1b}[");
    assert!(at("TERM=xterm"), "a terminal that shows them");
    assert!(!at("TERM=dumb"));
    assert!(!at("TERM=xterm NO_COLOR=1"));
    assert!(at("TERM=xterm NO_COLOR="), "what is empty says nothing: no-color.org");
}

#[test]
fn words_that_call_for_a_look_stand_out_and_everything_else_is_as_without() {
    let scene = Scene::new();
    let spent = "## Objective\nx\n\n```replay\n[\"budget_spent\"]\n```\n";
    scene.goal_of(spent, "Spent \u{fdd1}green", &["--queue"]);
    scene.goal(TITLE, &[]);
    scene.ok(&["up", "--once"]);
    let plain = scene.ok(&["goal", "list"]);
    let coloured = scene.ok(&["goal", "list", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[31mstuck\u{1b}[0m "), "{coloured}");
    assert_eq!(coloured.matches('\u{1b}').count(), 2, "{coloured}");
    assert_eq!(coloured.replace("\u{1b}[31m", "").replace("\u{1b}[0m", ""), plain);
    assert!(scene.run(&["doctor", "--color", "always"]).out.contains("\u{1b}[32mok\u{1b}[0m "));
    assert!(!scene.run(&["doctor"]).out.contains('\u{1b}'));
}
