//! Backup and restore: a night goes on elsewhere, and what is damaged is refused whole.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use herder_testkit::until;
use serde_json::{Value, json};

use crate::scene::{Said, Scene, feed};

/// Longer than any of this takes, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(120);

const QUICK: &str = "## Objective\nSay hello.\n\n```replay\n[{\"write\": {\"path\": \"hello\", \"text\": \"hi\\n\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said it.\"}}]\n```\n";

/// Its second iteration gets to the end only in a run that began with the work of an earlier one.
const LONG: &str = "## Objective\nSay more.\n\n```replay\n[[{\"run\": \"if test -e first; then touch again; fi; touch first\"}, \
    {\"answer\": {\"status\": \"continue\", \"summary\": \"Begun.\"}}], \
    [{\"run\": \"test -e again || sleep 600\"}, {\"write\": {\"path\": \"hello\", \"text\": \"more\\n\"}}, \
    {\"answer\": {\"status\": \"done\", \"summary\": \"Said more.\"}}]]\n```\n";

/// The command on another state directory.
fn at(scene: &Scene, state: &Path, args: &[&str]) -> Command {
    let mut command = scene.command(args);
    command.env("RALPH_DIR", state);
    command
}

fn said(scene: &Scene, state: &Path, args: &[&str]) -> Said {
    feed(at(scene, state, args), b"")
}

/// A backup of a scene with one goal that landed.
fn backed_up(scene: &Scene) -> String {
    scene.goal_of(QUICK, "Hello", &["--queue"]);
    scene.ok(&["up", "--once"]);
    assert_eq!(scene.status(1), "done");
    let file = scene.home.home().join("backup.tar.gz").to_str().unwrap().to_owned();
    let text = scene.ok(&["backup", &file]);
    assert!(text.contains("files"), "{text}");
    file
}

#[test]
fn a_night_that_was_backed_up_while_it_went_on_goes_on_elsewhere() {
    let scene = Scene::new();
    scene.goal_of(LONG, "More", &["--queue"]);
    let mut command = scene.command(&["up"]);
    let mut up = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(up.stdout.take().unwrap());
    told.read_line(&mut String::new()).unwrap();
    until("the second iteration", PATIENCE, || {
        let seen = scene.json(&["watch", "--once"])["items"].get(0).cloned()?;
        (seen["iteration"] == json!(2) && seen["phase"] == json!("working")).then_some(())
    });
    let file = scene.home.home().join("b.tar.gz").to_str().unwrap().to_owned();
    let kept = scene.json(&["backup", &file, "--without-runs"]);
    assert_eq!(kept["unfinished"].as_array().unwrap().len(), 1, "{kept}");

    // While the ralph lives, a second one must not take its work up.
    let elsewhere = scene.home.home().join("elsewhere");
    let early = said(&scene, &elsewhere, &["restore", &file]);
    assert_eq!(early.code, 4, "{early:?}");
    assert!(early.err.contains("still at work") && !elsewhere.exists(), "{early:?}");
    scene.ok(&["down"]);
    assert!(up.wait().unwrap().success());

    let back = said(&scene, &elsewhere, &["restore", &file]);
    assert_eq!(back.code, 0, "{back:?}");
    assert!(back.out.contains("queued again, uncounted"), "{back:?}");
    let root = scene.home.home().join("other-root");
    let night = said(&scene, &elsewhere, &["up", "--once", "--root", root.to_str().unwrap()]);
    assert_eq!(night.code, 0, "{night:?}");
    let goal = said(&scene, &elsewhere, &["goal", "show", "1", "--json"]).as_json();
    assert_eq!(goal["status"], "done", "{}", night.out);
    let ends: Vec<&Value> = goal["runs"].as_array().unwrap().iter().map(|run| &run["outcome"]).collect();
    assert_eq!(ends.len(), 2, "{goal}");
    assert_eq!(scene.origin.file_at("main", "hello").as_deref(), Some("more\n"));
    scene.home.assert_no_process_left();
}

#[test]
fn a_backup_brings_everything_back_and_overwrites_nothing() {
    let scene = Scene::new();
    let file = backed_up(&scene);
    let again = scene.run(&["backup", &file]);
    assert_eq!(again.code, 4, "{again:?}");
    scene.goal("Later", &[]);
    let refused = scene.run(&["restore", &file]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.err.contains("--force"), "{refused:?}");
    let back = scene.json(&["restore", &file, "--force"]);
    let aside = Path::new(back["moved_aside"].as_str().unwrap());
    assert!(aside.join("herder.db").is_file());
    assert_eq!(back["config"], Value::Null, "the settings are the same");
    assert_eq!(scene.json(&["goal", "list"])["items"].as_array().unwrap().len(), 1);
    assert!(scene.ok(&["logs", "1"]).contains("hello") || scene.ok(&["stats"]).contains("all"));
    let vault = scene.home.state().join("vault");
    assert!(vault.is_dir());
    let saved = scene.json(&["salvage", "1", "--list"]);
    assert!(!saved["items"].as_array().unwrap().is_empty(), "{saved}");
}

#[test]
fn a_backup_without_runs_has_the_goals_and_no_logs() {
    let scene = Scene::new();
    backed_up(&scene);
    let file = scene.home.home().join("small.tar.gz").to_str().unwrap().to_owned();
    scene.ok(&["backup", &file, "--without-runs"]);
    let elsewhere = scene.home.home().join("elsewhere");
    assert_eq!(said(&scene, &elsewhere, &["restore", &file]).code, 0);
    assert_eq!(fs_err::read_dir(elsewhere.join("runs")).unwrap().count(), 0);
    assert!(elsewhere.join("stats.jsonl").is_file());
    assert_eq!(said(&scene, &elsewhere, &["goal", "show", "1", "--json"]).as_json()["status"], "done");
}

#[test]
fn a_damaged_backup_is_refused_and_changes_nothing() {
    let scene = Scene::new();
    let file = backed_up(&scene);
    let whole = fs_err::read(&file).unwrap();
    let elsewhere = scene.home.home().join("elsewhere");
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    for (what, bytes) in
        [("cut", &whole[..whole.len() / 2]), ("flipped", &flipped), ("none", b"hello".as_slice())]
    {
        fs_err::write(&file, bytes).unwrap();
        let refused = said(&scene, &elsewhere, &["restore", &file]);
        assert_eq!(refused.code, 6, "{what}: {refused:?}");
        assert!(refused.err.contains("damaged") && !elsewhere.exists(), "{what}: {refused:?}");
    }
    let nothing = said(&scene, &elsewhere, &["backup", "b"]);
    assert_eq!(nothing.code, 3, "{nothing:?}");
}
