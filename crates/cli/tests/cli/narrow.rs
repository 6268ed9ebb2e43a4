//! On a terminal of 80 columns: no line is longer, and nothing is cut off. And colours only where they are wanted.

use std::process::{Command, Stdio};

use crate::scene::{GOAL, HERDER, Said, Scene, feed};

const COLUMNS: usize = 80;

/// Longer than a line.
const TITLE: &str =
    "Teach the importer to read the older of the two formats without losing a single row on the way";

/// What a command prints on a terminal of 80 columns. `script` of util-linux makes one.
fn at_terminal(scene: &Scene, args: &str) -> String {
    let mut script = scene.home.herder("script");
    let command = format!("stty cols {COLUMNS} rows 24; {HERDER} {args}");
    script.args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"]);
    script.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    String::from_utf8(script.output().unwrap().stdout).unwrap().replace("\r\n", "\n")
}

/// A path or an address is to be copied: it stays whole, on a line of its own.
fn is_one_word(line: &str) -> bool {
    !line.trim().contains(' ')
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
        "goal show 99",
        "backup /nowhere/at/all/backup.tar.gz",
    ] {
        let text = at_terminal(&scene, args);
        assert!(!text.trim().is_empty(), "{args}");
        let long = text.lines().find(|line| line.chars().count() > COLUMNS && !is_one_word(line));
        assert_eq!(long, None, "{args}: {text}");
    }
    for args in ["goal list --repo acme/app", "goal show 2", "story list --repo acme/app", "story show 1"] {
        let text = at_terminal(&scene, args);
        let missing = TITLE.split(' ').find(|word| !text.contains(word));
        assert_eq!(missing, None, "{args}: {text}");
    }
    // Whoever reads by program gets whole lines.
    assert!(scene.ok(&["goal", "list", "--repo", "acme/app"]).contains(TITLE));
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
    let colour = |before: &str| at_terminal(&scene, "goal show 99").contains(before);
    assert!(!colour("\u{1b}["), "TERM is dumb");
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
