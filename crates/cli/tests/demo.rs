//! `herder demo`: twelve goals, three ralphs, one kill -9, and a verdict on all of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use herder_testkit::TempHome;
use herder_testkit::processes::kill;
use rustix::process::Signal;

fn herder() -> &'static str {
    env!("CARGO_BIN_EXE_herder")
}

fn demo(scene: &TempHome, args: &[&str]) -> Output {
    let dir = scene.path().join("d");
    scene.herder(herder()).arg("demo").arg("--dir").arg(dir).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn assert_sound(repository: &Path) {
    let fsck = ["fsck", "--strict", "--no-dangling"];
    let output = Command::new("git").arg("-C").arg(repository).args(fsck).output().unwrap();
    assert!(output.status.success(), "{}: {}", repository.display(), text(&output.stderr));
}

fn count(dir: &Path) -> usize {
    fs_err::read_dir(dir).unwrap().count()
}

#[test]
fn twelve_goals_are_worked_off_although_the_orchestrator_is_killed() {
    let scene = TempHome::new();
    let output = demo(&scene, &[]);
    let (said, complaint) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{complaint}\n{said}");
    for part in [
        "the orchestrator is dead",
        "its ralphs go on without it",
        "9 done",
        "#9 Round a number: its runs failed",
        "#7 Remember what a command printed: its landing gate was red, was asked once more and was green",
        "#10 Keep a number within bounds: it waited for a usage limit",
        "goal approve 11",
        "Should `roman 0` print",
        "Herder-Gate: green",
        "All is as it should be. The orchestrator was killed once",
    ] {
        assert!(said.contains(part), "{part:?} is missing in:\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "colours without a terminal");
    scene.assert_no_process_left();

    let dir = scene.path().join("d");
    assert_sound(&dir.join("textkit.git"));
    for kind in ["mirrors", "vault"] {
        let owners = fs_err::read_dir(dir.join("state").join(kind).join("local")).unwrap();
        owners.for_each(|owner| assert_sound(&owner.unwrap().path().join("textkit.git")));
    }
    approve_and_answer(&scene, &dir);
    scene.assert_no_process_left();
    let rows = fs_err::read_to_string(dir.join("state/stats.jsonl")).unwrap();
    assert_eq!(rows.lines().count(), count(&dir.join("state/runs")));
    assert_eq!(rows.lines().count(), 15);
}

/// A person does what the demo advises at its end.
fn approve_and_answer(scene: &TempHome, dir: &Path) {
    let herder = |args: &[&str]| {
        let mut command = scene.herder(herder());
        command.env("RALPH_DIR", dir.join("state")).env("HERDER_CONFIG", dir.join("config.toml"));
        let output = command.args(args).output().unwrap();
        let (said, complaint) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{args:?}: {complaint}\n{said}");
        said
    };
    herder(&["goal", "approve", "11"]);
    herder(&["goal", "reject", "12", "--feedback", "roman 0 prints N"]);
    let said = herder(&["up", "--once"]);
    for goal in ["#11", "#12"] {
        let landed = said.lines().any(|line| line.contains(goal) && line.contains("done: landed as"));
        assert!(landed, "{goal} did not land:\n{said}");
    }
}

#[test]
fn an_interrupted_demo_leaves_nothing_running_and_loses_nothing() {
    let scene = TempHome::new();
    let dir = scene.path().join("d");
    let mut command = scene.herder(herder());
    let mut child = command.arg("demo").arg("--dir").arg(&dir).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with(" ralph | ")), "no ralph said anything");
    kill(child.id(), Signal::INT);
    // The reader has to go on until the end, or the demo would stand before a full pipe.
    lines.for_each(drop);
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(6));
    scene.assert_no_process_left();
    let list = scene.herder(herder()).env("RALPH_DIR", dir.join("state")).args(["goal", "list"]).output();
    let list = text(&list.unwrap().stdout);
    assert_eq!(list.matches("queued").count() + list.matches(" done").count(), 12, "{list}");
}

#[test]
fn the_demo_does_not_touch_what_is_there_already() {
    let scene = TempHome::new();
    fs_err::create_dir(scene.path().join("d")).unwrap();
    fs_err::write(scene.path().join("d/thesis.txt"), "").unwrap();
    let output = demo(&scene, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is not empty"), "{}", text(&output.stderr));
    assert_eq!(count(&scene.path().join("d")), 1);
}

#[test]
fn an_agent_that_cannot_work_is_named_in_one_sentence() {
    let scene = TempHome::new();
    let claude = |path: &Path| {
        let mut command = scene.herder(herder());
        let output = command.env("PATH", path).args(["demo", "--agent", "claude"]).output().unwrap();
        assert_eq!(output.status.code(), Some(6));
        text(&output.stderr).lines().next().unwrap().to_owned()
    };
    let missing = claude(&scene.bin());
    assert!(missing.contains("is not installed"), "{missing}");
    scene.install_program("claude", "#!/bin/sh\n");
    let locked_out = claude(&scene.bin());
    assert!(locked_out.contains("claude setup-token"), "{locked_out}");
}

/// Claude Code's part in a goal, without a model: some thought, one file, and a stream like the recorded ones.
const CLAUDE: &str = r##"#!/bin/sh
read -r prompt
echo '{"type":"system","subtype":"init","session_id":"x","tools":[],"model":"m","claude_code_version":"2.1.0"}'
file=$(grep -o 'lib/[a-z]*.sh' .herder/goal.md | head -n 1)
sleep 2
printf "# from $file\n" >"$file"
echo '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"session_id":"x","total_cost_usd":0.5,
"usage":{"input_tokens":200,"output_tokens":80},"permission_denials":[],"result":"",
"structured_output":{"status":"done","summary":"Wrote it."}}' | tr -d '\n'
echo
cat >/dev/null
"##;

#[test]
fn three_goals_are_worked_off_by_an_agent_without_a_script() {
    let scene = TempHome::new();
    scene.install_program("claude", CLAUDE);
    let mut command = scene.herder(herder());
    let command = command.env("ANTHROPIC_API_KEY", "only-a-double").env("NO_COLOR", "1");
    let output = command.args(["demo", "--agent", "claude", "--remove", "--json"]).output().unwrap();
    let (said, complaint) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{complaint}\n{said}");
    let report: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(report["ok"], true);
    assert_eq!(report["goals"].as_array().unwrap().len(), 3);
    assert_eq!(report["totals"]["known_cost_usd"], 1.5);
    assert_eq!(count(&scene.tmp()), 0, "the directory was to be removed");
    scene.assert_no_process_left();
}
