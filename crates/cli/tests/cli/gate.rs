//! `herder gate`: the gate asked by hand.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use herder_testkit::{processes, processes_with, until};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::scene::{Said, Scene, feed, git};

/// Wants each file to hold `ok`, and names those that do not.
const NAMING: &str = r#"#!/bin/sh
bad=
for f in *.txt; do grep -qx ok "$f" || bad="$bad,\"$f\""; done
echo "looked at $(ls | wc -l) files"
ok=$(test -z "$bad" && echo true || echo false)
echo "{\"ok\":$ok,\"items\":[${bad#,}]}"
$ok
"#;

/// Says no the first time it is asked in a room, and yes from then on.
const FLAKY: &str = "#!/bin/sh\nmkdir \"$HOME/seen\" 2>/dev/null || exit 0\n\
    echo '{\"ok\":false,\"items\":[\"a\"]}'; exit 1\n";

/// A checkout of a repository whose base branch has this gate, and a `broken.txt` that is not ok.
fn prepared(check: &str) -> (Scene, PathBuf) {
    let scene = Scene::new();
    let files = [(".ralph/check", Some(check)), ("broken.txt", Some("bad\n"))];
    scene.origin.push("main", "Name what fails", &files);
    let checkout = scene.checkout("work");
    (scene, checkout)
}

fn ask(scene: &Scene, checkout: &Path, args: &[&str]) -> Said {
    let mut command = scene.command(&[&["gate"], args].concat());
    command.current_dir(checkout);
    feed(command, b"")
}

fn ask_json(scene: &Scene, checkout: &Path, args: &[&str]) -> (i32, Value) {
    let said = ask(scene, checkout, &[args, &["--json"]].concat());
    (said.code, said.as_json())
}

/// All that a checkout holds, git's own files too, with when each was changed.
fn everything(dir: &Path) -> Vec<String> {
    let find = std::process::Command::new("find").arg(dir).args(["-printf", "%p %s %m %T@ %C@\n"]).output();
    let mut lines: Vec<String> =
        String::from_utf8(find.unwrap().stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[track_caller]
fn nothing_is_left(scene: &Scene) {
    assert_eq!(fs_err::read_dir(scene.home.root().join(".run")).unwrap().count(), 0);
    scene.home.assert_no_process_left();
}

#[test]
fn the_work_tree_is_asked_about_as_it_lies_and_left_as_it_is() {
    let (scene, checkout) = prepared(NAMING);
    fs_err::write(checkout.join("new.txt"), "bad\n").unwrap();
    let before = everything(&checkout);
    let red = ask(&scene, &checkout, &["--once"]);
    assert_eq!(red.code, 1, "{red:?}");
    assert!(red.out.contains("looked at 2 files\n"), "what the gate prints is shown: {red:?}");
    assert!(red.out.contains("the gate: red (asked once, "), "{red:?}");
    assert!(red.out.contains("failing  broken.txt\nfailing  new.txt\n"), "{red:?}");
    assert!(red.err.contains("error: the gate is red"), "{red:?}");
    assert_eq!(everything(&checkout), before);
    for file in ["broken.txt", "new.txt"] {
        fs_err::write(checkout.join(file), "ok\n").unwrap();
    }
    let green = ask(&scene, &checkout, &[]);
    assert_eq!(green.code, 0, "{green:?}");
    assert!(green.out.contains("the gate: green (asked once, "), "{green:?}");
    nothing_is_left(&scene);
}

#[test]
fn what_fails_is_held_against_the_base_branch() {
    let (scene, checkout) = prepared(NAMING);
    let (code, said) = ask_json(&scene, &checkout, &[]);
    assert_eq!(
        (code, &said["verdict"], &said["askings"]),
        (1, &json!("red"), &json!(2)),
        "the base itself: {said}"
    );
    fs_err::write(checkout.join("good.txt"), "ok\n").unwrap();
    let (code, said) = ask_json(&scene, &checkout, &[]);
    assert_eq!((code, &said["verdict"], &said["ok"]), (0, &json!("no new failure"), &json!(true)), "{said}");
    assert_eq!(said["items"], json!([{"name": "broken.txt", "state": "known"}]), "{said}");
    assert_eq!((&said["base_is_green"], &said["askings"]), (&json!(false), &json!(4)), "{said}");
    fs_err::write(checkout.join("new.txt"), "bad\n").unwrap();
    let (code, said) = ask_json(&scene, &checkout, &[]);
    assert_eq!((code, &said["verdict"], &said["ok"]), (1, &json!("red"), &json!(false)), "{said}");
    let both = json!([{"name": "new.txt", "state": "new"}, {"name": "broken.txt", "state": "known"}]);
    assert_eq!((&said["items"], &said["error"]["kind"]), (&both, &json!("unfinished")), "{said}");
    assert_eq!(said["askings"], 2, "what is known of the base is not asked again");
    nothing_is_left(&scene);
}

#[test]
fn a_commit_can_be_asked_about_and_the_gate_that_lies_here() {
    let (scene, checkout) = prepared(NAMING);
    fs_err::write(checkout.join("broken.txt"), "ok\n").unwrap();
    git(&checkout, &["commit", "--quiet", "--all", "--message", "Repair"]);
    fs_err::write(checkout.join("broken.txt"), "bad again\n").unwrap();
    let (code, said) = ask_json(&scene, &checkout, &["HEAD"]);
    assert_eq!((code, &said["verdict"]), (0, &json!("green")), "{said}");
    assert_eq!(said["commit"], git(&checkout, &["rev-parse", "HEAD"]));
    assert_eq!(said["base"], git(&checkout, &["rev-parse", "origin/main"]));
    assert_eq!(ask_json(&scene, &checkout, &["HEAD~1", "--once"]).1["verdict"], "red");
    git(&checkout, &["checkout", "--quiet", "broken.txt"]);
    fs_err::write(checkout.join(".ralph/check"), "#!/bin/sh\necho mine; exit 1\n").unwrap();
    assert_eq!(ask(&scene, &checkout, &[]).code, 0, "the base branch's counts");
    let here = ask(&scene, &checkout, &["--here", "--once"]);
    assert!(here.code == 1 && here.out.contains("mine\n"), "{here:?}");
    let missing = ask(&scene, &checkout, &["nonsense"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.err.contains("nonsense") && missing.err.contains("hint: "), "{missing:?}");
}

#[test]
fn a_gate_that_changes_its_mind_is_found_out() {
    let (scene, checkout) = prepared(FLAKY);
    let (code, said) = ask_json(&scene, &checkout, &[]);
    assert_eq!((code, &said["verdict"], &said["flake"]), (0, &json!("green"), &json!(true)), "{said}");
    assert_eq!(said["items"], json!([{"name": "a", "state": "flaky"}]), "{said}");
}

#[test]
fn the_files_are_set_up_first_as_they_are_for_a_run() {
    let (scene, checkout) = prepared("#!/bin/sh\ncat made; grep -q dependencies made\n");
    let said = ask(&scene, &checkout, &["--once"]);
    assert_eq!(said.code, 1, "{said:?}");
    let teardown = "#!/bin/sh\nrm made\n";
    let files = [(".ralph/setup", "#!/bin/sh\necho dependencies >made\n"), (".ralph/teardown", teardown)];
    scene.origin.push("main", "Set up", &files.map(|(name, text)| (name, Some(text))));
    git(&checkout, &["pull", "--quiet"]);
    let said = ask(&scene, &checkout, &[]);
    assert!(said.code == 0 && said.out.contains("dependencies\n"), "{said:?}");
    scene.origin.push("main", "Break", &[(".ralph/setup", Some("#!/bin/sh\necho no network; exit 1\n"))]);
    git(&checkout, &["pull", "--quiet"]);
    let said = ask(&scene, &checkout, &[]);
    assert_eq!(said.code, 6, "{said:?}");
    assert!(said.err.contains(".ralph/setup failed") && said.err.contains("no network"), "{said:?}");
    nothing_is_left(&scene);
}

#[test]
fn whoever_has_no_state_directory_gets_none() {
    let scene = Scene::bare();
    fs_err::remove_dir(scene.home.state()).unwrap();
    let checkout = scene.checkout("work");
    assert_eq!(ask(&scene, &checkout, &[]).code, 1, "there is no file hello");
    fs_err::write(checkout.join("hello"), "").unwrap();
    fs_err::write(checkout.join("other"), "").unwrap();
    assert_eq!(ask(&scene, &checkout, &[]).code, 0);
    assert!(!scene.home.state().exists());
}

#[test]
fn what_cannot_be_asked_is_neither_green_nor_red() {
    let (scene, checkout) = prepared(NAMING);
    fs_err::remove_file(checkout.join(".ralph/check")).unwrap();
    let none = ask(&scene, &checkout, &["--here"]);
    assert_eq!(none.code, 3, "{none:?}");
    assert!(none.err.contains("herder init"), "{none:?}");
    fs_err::write(checkout.join(".ralph/check"), "#!/bin/sh\n").unwrap();
    let plain = ask(&scene, &checkout, &["--here"]);
    assert_eq!(plain.code, 6, "{plain:?}");
    assert!(plain.err.contains("is it executable"), "{plain:?}");
    let nowhere = ask(&scene, scene.home.home().as_path(), &[]);
    assert!(nowhere.code == 6 && nowhere.err.contains("hint: "), "{nowhere:?}");
    nothing_is_left(&scene);
}

fn is_sleeper(pid: &u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"sleep\x00705\x00"))
}

#[test]
fn whoever_has_no_patience_leaves_nothing_behind() {
    let (scene, checkout) = prepared("#!/bin/sh\n(setsid sleep 705 &) >/dev/null 2>&1\ntail -f /dev/null\n");
    let before = everything(&checkout);
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut command = scene.command(&["gate", "--json"]);
        command.current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let asked = command.spawn().unwrap();
        until("the gate to be at work", Duration::from_secs(60), || {
            processes_with(scene.home.marker()).iter().any(is_sleeper).then_some(())
        });
        processes::kill(asked.id(), signal);
        let said = Said::of(asked.wait_with_output().unwrap());
        assert_eq!((said.code, &said.as_json()["error"]["kind"]), (4, &json!("refused")), "{said:?}");
        nothing_is_left(&scene);
    }
    assert_eq!(everything(&checkout), before);
}

#[test]
fn what_a_killed_question_left_goes_with_the_next_one() {
    let (scene, checkout) = prepared("#!/bin/sh\n(setsid sleep 705 &) >/dev/null 2>&1\ntail -f /dev/null\n");
    let mut command = scene.command(&["gate"]);
    command.current_dir(&checkout).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut asked = command.spawn().unwrap();
    until("the gate to be at work", Duration::from_secs(60), || {
        processes_with(scene.home.marker()).iter().any(is_sleeper).then_some(())
    });
    fs_err::write(checkout.join(".ralph/check"), "#!/bin/sh\n").unwrap();
    assert_eq!(ask(&scene, &checkout, &["--here"]).code, 0, "two at once are two");
    asked.kill().unwrap();
    asked.wait().unwrap();
    scene.home.assert_no_process_left();
    assert_eq!(fs_err::read_dir(scene.home.root().join(".run")).unwrap().count(), 1);
    assert_eq!(ask(&scene, &checkout, &["--here"]).code, 0);
    nothing_is_left(&scene);
}

/// Where it is kept what gates said of base branches.
fn words(scene: &Scene) -> Vec<PathBuf> {
    let kept = fs_err::read_dir(scene.home.state().join("gates")).unwrap();
    kept.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_is_said_by_hand_counts_for_no_run_and_what_runs_are_told_not_by_hand() {
    let (scene, checkout) = prepared(NAMING);
    fs_err::write(checkout.join("good.txt"), "ok\n").unwrap();
    assert_eq!(ask_json(&scene, &checkout, &[]).1["askings"], 4);
    let kept = words(&scene);
    let names: Vec<_> = kept.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
    assert!(names.len() == 1 && names[0].contains(".base-by-hand-"), "{names:?}");
    let (stem, _) = names[0].split_once('.').unwrap();
    for whose in ["base", "base-in-run"] {
        fs_err::copy(&kept[0], kept[0].with_file_name(format!("{stem}.{whose}"))).unwrap();
    }
    fs_err::remove_file(&kept[0]).unwrap();
    assert_eq!(ask_json(&scene, &checkout, &[]).1["askings"], 4, "a run's word is not asked for");
    let mut command = scene.command(&["gate", "--json"]);
    let path = format!("{}:/nowhere", std::env::var("PATH").unwrap());
    command.current_dir(&checkout).env("PATH", path);
    assert_eq!(feed(command, b"").as_json()["askings"], 4, "nor that of other programs");
    assert_eq!(ask_json(&scene, &checkout, &[]).1["askings"], 1, "what was said by hand is");
}

#[test]
fn what_a_variable_of_the_persons_may_have_changed_is_not_kept() {
    let (scene, checkout) = prepared(NAMING);
    scene.config("agent = \"replay\"\n[sandbox]\nenv = [\"KIND\"]\n");
    fs_err::write(checkout.join("good.txt"), "ok\n").unwrap();
    let mut command = scene.command(&["gate", "--json"]);
    command.current_dir(&checkout).env("KIND", "odd");
    assert_eq!(feed(command, b"").as_json()["askings"], 4);
    assert!(!scene.home.state().join("gates").exists() || words(&scene).is_empty());
}

#[test]
fn the_repositorys_settings_are_those_beside_the_gate_that_is_asked() {
    let (scene, checkout) = prepared("#!/bin/sh\ntrue\n");
    fs_err::write(checkout.join(".ralph/config.toml"), "ports = 2\n").unwrap();
    let of_the_base = ask(&scene, &checkout, &[]);
    assert!(of_the_base.code == 0 && !of_the_base.err.contains("ports"), "{of_the_base:?}");
    let here = ask(&scene, &checkout, &["--here"]);
    assert!(here.code == 0 && here.err.contains("asks for ports"), "{here:?}");
    fs_err::write(checkout.join(".ralph/config.toml"), "nonsense = 2\n").unwrap();
    assert_eq!(ask(&scene, &checkout, &[]).code, 0);
    assert_ne!(ask(&scene, &checkout, &["--here"]).code, 0);
    nothing_is_left(&scene);
}

#[test]
fn whoever_keeps_files_in_lfs_is_told_that_the_gate_sees_pointers() {
    let (scene, checkout) = prepared("#!/bin/sh\ntrue\n");
    scene.origin.push("main", "Keep in LFS", &[(".gitattributes", Some("*.bin filter=lfs -text\n"))]);
    git(&checkout, &["pull", "--quiet"]);
    let said = ask(&scene, &checkout, &[]);
    assert!(said.code == 0 && said.err.contains("the contents of files in Git LFS"), "{said:?}");
}
