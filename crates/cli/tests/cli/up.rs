//! The orchestrator from outside: one at a time, planned, stopped; its ralphs are seen.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use herder_testkit::until;
use serde_json::{Value, json};

use crate::bad_input::{check_json, check_text};
use crate::scene::{HERDER, Scene};
use crate::terminal::at_terminal;

/// Longer than any of this takes, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A goal whose agent never ends.
const ENDLESS: &str = "## Objective\nWait.\n\n```replay\n[{\"say\": \"I wait here.\"}, \"hang\"]\n```\n";

/// Starts `up`, and waits until it is at work.
fn begin(scene: &Scene) -> (Child, BufReader<ChildStdout>) {
    let mut command = scene.command(&["up", "--max", "2"]);
    let mut up = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(up.stdout.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.contains("herder is up"), "{line}");
    (up, told)
}

#[test]
fn a_second_orchestrator_is_refused_and_down_stops_the_first() {
    let scene = Scene::new();
    let (mut up, _told) = begin(&scene);
    let second = scene.run(&["up", "--once"]);
    assert_eq!(second.code, 7);
    check_text(&second, "another orchestrator is at work");
    check_json(&scene.run(&["up", "--json"]), "busy", &format!("process {}", up.id()));
    assert_eq!(scene.json(&["down"])["pid"], up.id());
    assert!(up.wait().unwrap().success());
    assert_eq!(scene.ok(&["down"]), "no orchestrator is at work\n");
    scene.home.assert_no_process_left();
}

#[test]
fn a_running_ralph_is_seen_and_its_goal_is_queued_again_when_it_is_stopped() {
    let scene = Scene::new();
    let (mut up, _told) = begin(&scene);
    // Written and queued while the orchestrator is at work: the command wakes it.
    scene.goal_of(ENDLESS, "Wait", &["--queue"]);
    let block = until("a ralph at work", PATIENCE, || {
        let seen = scene.json(&["watch", "--once"])["items"].get(0).cloned()?;
        let has_log =
            seen["log"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains("I wait here"));
        (has_log && seen["phase"] == json!("working")).then_some(seen)
    });
    assert_eq!((&block["goal"], &block["iteration"]), (&json!("acme/app#1"), &json!(1)));
    assert_eq!(
        (scene.status(1), scene.ok(&["goal", "list", "running"]).lines().count()),
        ("running".into(), 2)
    );
    assert!(scene.ok(&["why", "1"]).contains("is running"));
    let text = scene.ok(&["watch", "--once"]);
    assert!(text.contains("acme/app#1  Wait") && text.contains("  | "), "{text}");
    assert_eq!(followed(&scene, &["watch", "--json"], "I wait here")["run"], block["run"]);
    assert_eq!(followed(&scene, &["logs", "1", "-f", "--json"], "I wait here")["run"], block["run"]);

    let plain = line_of(at_terminal(&scene, &format!("{HERDER} watch --plain")), "I wait here");
    assert!(plain.starts_with(block["run"].as_str().unwrap()) && !plain.contains('\u{1b}'), "{plain:?}");

    scene.ok(&["down"]);
    assert!(up.wait().unwrap().success());
    assert_eq!(scene.status(1), "queued");
    scene.home.assert_no_process_left();
}

/// The first line with `text` of a command that goes on, which is then ended.
fn followed(scene: &Scene, args: &[&str], text: &str) -> Value {
    serde_json::from_str(&line_of(scene.command(args), text)).unwrap()
}

/// The same as text.
fn line_of(mut command: Command, text: &str) -> String {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines.map_while(Result::ok).find(|line| line.contains(text));
    child.kill().unwrap();
    child.wait().unwrap();
    found.unwrap()
}

#[test]
fn a_dry_run_tells_and_does_nothing() {
    let scene = Scene::new();
    assert_eq!(scene.ok(&["up", "--dry-run"]), "nothing is to be done\n");
    scene.goal("Hello", &["--queue"]);
    scene.goal("Later", &["--queue", "--depends", "1"]);
    assert_eq!(
        scene.ok(&["up", "--dry-run"]),
        "acme/app#1 would be: run ordered\nacme/app#2 waits: it depends on acme/app#1, which is queued\n"
    );
    let plan = scene.json(&["up", "--dry-run"]);
    assert_eq!(plan["decisions"][0]["event"], "run_ordered");
    assert_eq!(scene.status(1), "queued");
}

#[test]
fn what_happens_is_told_line_by_line_and_the_end_last() {
    let scene = Scene::new();
    let args = ["up", "--once", "--json"];
    let said = scene.ok(&args);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["text"].as_str().unwrap().contains("herder is up"), "{said}");
    assert_eq!(lines.last().unwrap(), &json!({ "ok": true, "end": "idle" }));
}

#[test]
fn one_repository_can_be_worked_off_alone() {
    let scene = Scene::new();
    scene.second("acme/other");
    let done = "## Objective\nx\n```replay\n[{\"write\": {\"path\": \"hello\", \"text\": \"1\"}}, \
                {\"answer\": {\"status\": \"done\", \"summary\": \"Done.\"}}]\n```\n";
    scene.goal_of(done, "App", &["--queue", "--repo", "app"]);
    scene.goal_of(done, "Other", &["--queue", "--repo", "other"]);
    scene.ok(&["up", "--once", "--repo", "app"]);
    let state = |name: &str| scene.json(&["goal", "show", "1", "--repo", name])["status"].clone();
    assert_eq!((state("app"), state("other")), (json!("done"), json!("queued")));
    scene.home.assert_no_process_left();
}

#[test]
fn an_agent_that_would_not_be_let_in_is_told_of_at_once() {
    let scene = Scene::new();
    scene.config("agent = \"claude\"\n");
    let said = scene.ok(&["up", "--once"]);
    assert!(
        said.starts_with("agent claude has no credential") && said.contains("claude setup-token"),
        "{said}"
    );
}
